{#-
  One answer of a survey that is kept as xml. The namespace is ignored, because its address may change. If there are
  two answers, the first counts.
-#}
{% macro answer(column, element) -%}
    {{ column }} text path '(*[local-name()="{{ element }}"])[1]'
{%- endmacro %}

{#- A number from free text, or null if the text is no number: one odd answer does not stop the run. -#}
{% macro number_or_null(column) -%}
    case when {{ column }} ~ '^\s*-?\d+(\.\d+)?\s*$' then {{ column }}::numeric end
{%- endmacro %}
