{#-
  The orders that fact_order has to build again: those that a full build would give other rows than are there.

  - lines or headers that were written to staging since the last build, whenever the source says they changed;
  - lines that have gone, or are not there yet for any other reason;
  - orders that name a customer, shop, product, sales person or territory of which a version was recorded since: a
    version may start before orders that are already there;
  - orders with an unknown member where the source names something, which may have arrived by now, and orders with a
    key that its dimension has lost. Keys of dimensions without history follow from their natural keys, so nothing
    else that happens to those matters here.
-#}
{% macro changed_orders() -%}
    with last_build as (

        select coalesce(max(built_at), '-infinity') as built_at from {{ this }}

    ),

    lines as (

        select * from {{ source('bikes_store_staging', 'salesorderdetail') }}

    ),

    headers as (

        select * from {{ source('bikes_store_staging', 'salesorderheader') }}

    ),

    {% for name in ['customer', 'store', 'product', 'sales_person', 'sales_territory'] -%}
        new_versions_of_{{ name }} as (

            select distinct nk_{{ name }}
            from {{ ref('dim_' ~ name) }}
            where recorded_at > (select built_at from last_build)

        ),

    {% endfor -%}

    changed as (

        select salesorderid from lines
        where changed_at > (select built_at from last_build)
        union
        select salesorderid from headers
        where changed_at > (select built_at from last_build)
        union
        select coalesce(lines.salesorderid, built.nk_sales_order)
        from lines
        full join {{ this }} as built
            on lines.salesorderid = built.nk_sales_order and lines.salesorderdetailid = built.nk_sales_order_detail
        where lines.salesorderid is null or built.nk_sales_order is null
        union
        select salesorderid from lines
        where productid in (select nk_product from new_versions_of_product)
        union
        select salesorderid from headers
        where
            salespersonid in (select nk_sales_person from new_versions_of_sales_person)
            or territoryid in (select nk_sales_territory from new_versions_of_sales_territory)
            or customerid in (select nk_customer from new_versions_of_customer)
            or customerid in (
                select customers.nk_customer
                from {{ ref('dim_customer') }} as customers
                inner join new_versions_of_store as stores on customers.nk_store = stores.nk_store
            )
        union
        select built.nk_sales_order
        from {{ this }} as built
        left join headers on built.nk_sales_order = headers.salesorderid
        where
            {{ unknown_key() }} in (
                built.sk_special_offer, built.sk_ship_method, built.sk_currency, built.sk_order_date, built.sk_due_date
            )
            or (built.sk_ship_date = {{ unknown_key() }} and headers.shipdate is not null)
            or (built.sk_currency_rate = {{ unknown_key() }} and headers.currencyrateid is not null)
        {%- for name in ['special_offer', 'ship_method', 'currency', 'currency_rate'] %}
            union
            select built.nk_sales_order
            from {{ this }} as built
            left join {{ ref('dim_' ~ name) }} as kept on built.sk_{{ name }} = kept.sk_{{ name }}
            where kept.sk_{{ name }} is null
        {%- endfor %}

    )

    select salesorderid as nk_sales_order from changed
{%- endmacro %}

{#- Orders of which every line has gone are built from nothing, so the merge does not see them. -#}
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
