-- The orders that fact_order builds in this run: every order when it is built from nothing, otherwise those whose rows
-- in fact_order differ from what the staging area and the dimensions give now.
--
--   1. A line or a header was written. It has another stamp than the one that its rows in fact_order keep. Whether the
--      stamp is older or newer says nothing: a load may begin before a build and commit after it.
--   2. A line has gone, or is missing from fact_order for any other reason.
--   3. A key differs. A version that starts before the order was recorded, what the order names has arrived, or a
--      dimension has lost it.
{% set built_order_lines = fact_order_as_built() %}

with

order_lines as (

    select * from {{ ref('int_order_lines_keyed') }}

),

{% if not built_order_lines -%}
    orders_to_build as (

        select distinct nk_sales_order from order_lines

    )
{%- else -%}
    orders as (

        select * from {{ ref('int_orders_keyed') }}

    ),

    -- two comparisons: a row of fact_order is wide, and one join of lines and orders would carry all of it
    orders_to_build as (

        select coalesce(order_lines.nk_sales_order, built.nk_sales_order) as nk_sales_order
        from order_lines
        full join {{ built_order_lines }} as built
            on
                order_lines.nk_sales_order = built.nk_sales_order
                and order_lines.nk_sales_order_detail = built.nk_sales_order_detail
        where
            order_lines.nk_sales_order is null
            or built.nk_sales_order is null
            or built.line_changed_at is distinct from order_lines.changed_at
            or built.sk_product <> order_lines.sk_product
            or built.sk_special_offer <> order_lines.sk_special_offer

        union

        select built.nk_sales_order
        from {{ built_order_lines }} as built
        left join orders on built.nk_sales_order = orders.nk_sales_order
        where
            built.header_changed_at is distinct from orders.changed_at
            {%- for key in keys_of_orders() %}
                or built.{{ key }} <> {{ or_unknown('orders.' ~ key) }}
            {%- endfor %}

    )
{%- endif %}

select nk_sales_order from orders_to_build
