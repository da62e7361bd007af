{#-
  fact_order as it stands in the database, or none when this run builds it from nothing. Its condition is that of dbt's
  is_incremental(), which a model can only ask about itself. ref() would not do either: fact_order is built from the
  models that ask, so dbt would see a circle. A table of an older release, which keeps no stamps, is as good as none.
-#}
{% macro fact_order_as_built() -%}
    {%- if not execute -%}
        {#- While dbt parses, it collects what a model refers to, so it has to see the branch that refers to most. -#}
        {{ return(this) }}
    {%- endif -%}
    {%- set built = load_relation(this.incorporate(path={'identifier': 'fact_order'})) -%}
    {%- if built is none or not built.is_table or should_full_refresh() -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set columns = adapter.get_columns_in_relation(built) | map(attribute='name') | list -%}
    {{ return(built if 'line_changed_at' in columns and 'header_changed_at' in columns else none) }}
{%- endmacro %}

{#- The keys of the star that a line has from its order. -#}
{% macro keys_of_orders() -%}
    {{ return([
        'sk_order_date', 'sk_due_date', 'sk_ship_date', 'sk_customer', 'sk_store', 'sk_sales_person',
        'sk_sales_territory', 'sk_ship_method', 'sk_currency_rate', 'sk_currency',
    ]) }}
{%- endmacro %}

{#-
  An order that has lost every line gives no rows, so delete+insert does not touch it. If it has lost some, the order is
  built again: its other lines then share what the lost ones had.
-#}
{% macro forget_deleted_orders() -%}
    {%- if execute and load_relation(this) is not none %}
        delete from {{ this }} as built
        where
            not exists (
                select from {{ source('bikes_store_staging', 'salesorderdetail').render() }} as lines
                where lines.salesorderid = built.nk_sales_order
            )
    {%- endif -%}
{%- endmacro %}
