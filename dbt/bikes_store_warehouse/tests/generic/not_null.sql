{#- As dbt's own, but it selects the whole row: a NULL alone does not say whose it is. -#}
{% test not_null(model, column_name) %}

select *
from {{ model }}
where {{ column_name }} is null

{% endtest %}
