{#- Keys of the star. A null part makes the key null, so that a not_null test finds it. -#}

{% macro surrogate_key(columns) -%}
    md5({% for column in columns %}{{ column }}::text{% if not loop.last %} || '|' || {% endif %}{% endfor %})
{%- endmacro %}

{#- The key of every dimension's unknown member: a fact has it where there is nothing to name. -#}
{% macro unknown_key() -%}
    '00000000000000000000000000000000'
{%- endmacro %}

{#- The day of the calendar's unknown member. -#}
{% macro unknown_date() -%}
    0001-01-01
{%- endmacro %}

{% macro or_unknown(key) -%}
    coalesce({{ key }}, {{ unknown_key() }})
{%- endmacro %}
