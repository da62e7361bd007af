-- The orders that fact_order builds in this run: every order when it is built from nothing, otherwise those that would
-- get other rows than they have.
--
--   1. Lines or headers that were written to staging since the last build, whatever date the source gives them.
--   2. Lines that have gone, or are missing for any other reason.
--   3. Orders that name a product, sales person, territory, customer or shop with a version recorded since the last
--      build: a version may start before orders that are already there.
--   4. Orders with an unknown member where the source names something, which may have arrived by now.
--   5. Orders with a key that its dimension has lost. Keys of dimensions without history follow from their natural
--      keys, so nothing else that happens to those dimensions matters here.
{% set built_order_lines = fact_order_as_built() %}

with

order_lines as (

    select * from {{ source('bikes_store_staging', 'salesorderdetail') }}

),

{% if not built_order_lines -%}
    orders_to_build as (

        select distinct salesorderid from order_lines

    )
{%- else -%}
    order_headers as (

        select * from {{ source('bikes_store_staging', 'salesorderheader') }}

    ),

    last_build as (

        select coalesce(max(built.built_at), '-infinity') as built_at from {{ built_order_lines }} as built

    ),

    {% for name in dimensions_with_history() -%}
        new_versions_of_{{ name }} as (

            select distinct nk_{{ name }}
            from {{ ref('dim_' ~ name) }}
            where recorded_at > (select last_build.built_at from last_build)

        ),

    {% endfor -%}

    orders_to_build as (

        select salesorderid from order_lines
        where changed_at > (select last_build.built_at from last_build)
        union
        select salesorderid from order_headers
        where changed_at > (select last_build.built_at from last_build)
        union
        select coalesce(order_lines.salesorderid, built.nk_sales_order)
        from order_lines
        full join {{ built_order_lines }} as built
            on
                order_lines.salesorderid = built.nk_sales_order
                and order_lines.salesorderdetailid = built.nk_sales_order_detail
        where order_lines.salesorderid is null or built.nk_sales_order is null
        union
        select salesorderid from order_lines
        where productid in (select recorded.nk_product from new_versions_of_product as recorded)
        union
        select salesorderid from order_headers
        where
            salespersonid in (select recorded.nk_sales_person from new_versions_of_sales_person as recorded)
            or territoryid in (select recorded.nk_sales_territory from new_versions_of_sales_territory as recorded)
            or customerid in (select recorded.nk_customer from new_versions_of_customer as recorded)
            or customerid in (
                select customers.nk_customer
                from {{ ref('dim_customer') }} as customers
                inner join new_versions_of_store as recorded on customers.nk_store = recorded.nk_store
            )
        union
        select built.nk_sales_order
        from {{ built_order_lines }} as built
        left join order_headers on built.nk_sales_order = order_headers.salesorderid
        where
            {{ unknown_key() }} in (
                built.sk_special_offer, built.sk_ship_method, built.sk_currency, built.sk_order_date, built.sk_due_date
            )
            or (built.sk_ship_date = {{ unknown_key() }} and order_headers.shipdate is not null)
            or (built.sk_currency_rate = {{ unknown_key() }} and order_headers.currencyrateid is not null)
        {%- for name in ['special_offer', 'ship_method', 'currency', 'currency_rate'] %}
            union
            select built.nk_sales_order
            from {{ built_order_lines }} as built
            left join {{ ref('dim_' ~ name) }} as kept on built.sk_{{ name }} = kept.sk_{{ name }}
            where kept.sk_{{ name }} is null
        {%- endfor %}

    )
{%- endif %}

select salesorderid as nk_sales_order from orders_to_build
