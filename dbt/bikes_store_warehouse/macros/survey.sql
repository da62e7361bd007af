{#-
  One answer of a survey that is kept as xml. The namespace is ignored, because its address may change. If there are
  two answers, the first counts.
-#}
{% macro answer(column, element) -%}
    {{ column }} text path '(*[local-name()="{{ element }}"])[1]'
{%- endmacro %}

{#-
  The answers of one survey, joined to the row that has the document. What is called with it lists the answers.
  A document has one root, but the planner counts on 100 rows: without the limit it chooses a plan for millions.
-#}
{% macro join_answers(document) -%}
    cross join lateral (
        select found.*
        from
            xmltable(
                '/*' passing case when {{ document }} is document then {{ document }} end
                columns
                {{ caller() }}
            ) as found
        limit 1
    ) as answers
{%- endmacro %}

{#- A number from free text, or null if the text is no number: one odd answer does not stop the run. -#}
{% macro number_or_null(column) -%}
    case when {{ column }} ~ '^\s*-?\d+(\.\d+)?\s*$' then {{ column }}::numeric end
{%- endmacro %}
