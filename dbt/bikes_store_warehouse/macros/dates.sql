{#-
  Whether a moment is one that happened or may happen. It is not when it is infinite or further from today than the
  calendar may reach, as 1753-01-01 and 9999-12-31 are: systems write those where they know no date. A null gives null.
-#}
{% macro is_real_date(moment) -%}
    {{ moment }} >= current_date - interval '{{ var("calendar_reaches_back") }} years'
    and {{ moment }} <= current_date + interval '{{ var("calendar_reaches_ahead") }} years'
{%- endmacro %}
