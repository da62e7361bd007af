{#-
  One answer of a survey kept as xml. The namespace is ignored, so that its address may change; the first answer
  counts, should there be two.
-#}
{% macro answer(column, element) -%}
    {{ column }} text path '(*[local-name()="{{ element }}"])[1]'
{%- endmacro %}

{#- A number out of free text, or null: one odd answer does not stop the run. -#}
{% macro number_or_null(column) -%}
    case when {{ column }} ~ '^\s*-?\d+(\.\d+)?\s*$' then {{ column }}::numeric end
{%- endmacro %}
