{#-
  fact_order as it stands in the database, or none when this run builds it from nothing. Its condition is that of dbt's
  is_incremental(), which a model can only ask about itself. ref() would not do either: fact_order is built from the
  models that ask, so dbt would see a circle.
-#}
{% macro fact_order_as_built() -%}
    {%- if not execute -%}
        {#- While dbt parses, it collects what a model refers to, so it has to see the branch that refers to most. -#}
        {{ return(this) }}
    {%- endif -%}
    {%- set built = load_relation(this.incorporate(path={'identifier': 'fact_order'})) -%}
    {{ return(built if built is not none and built.is_table and not should_full_refresh() else none) }}
{%- endmacro %}

{#- An order that has lost every line gives no rows, so delete+insert does not touch it. -#}
{% macro forget_deleted_lines() -%}
    delete from {{ this }} as built
    where
        not exists (
            select from {{ source('bikes_store_staging', 'salesorderdetail') }} as lines
            where
                lines.salesorderid = built.nk_sales_order
                and lines.salesorderdetailid = built.nk_sales_order_detail
        )
{%- endmacro %}
