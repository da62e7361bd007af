{#- Finds the rows for which the expression is false or null. -#}
{% test expression_holds(model, expression, keys) %}

select {{ keys | join(', ') }}
from {{ model }}
where ({{ expression }}) is not true

{% endtest %}
