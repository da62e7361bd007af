{#- Rows where the expression is false, or unknown. -#}
{% test expression_holds(model, expression, keys) %}

select {{ keys | join(', ') }}
from {{ model }}
where ({{ expression }}) is not true

{% endtest %}
