-- What each special offer sold, and what it cost in discounts.
with

order_lines as (

    select * from {{ ref('fact_order') }}

),

special_offers as (

    select * from {{ ref('dim_special_offer') }}

),

summed as (

    select
        special_offers.nk_special_offer,
        special_offers.special_offer_name,
        special_offers.special_offer_type,
        special_offers.special_offer_category,
        count(distinct order_lines.nk_sales_order) as orders,
        count(order_lines.sk_order_line) as order_lines,
        coalesce(sum(order_lines.order_qty), 0) as units,
        coalesce(sum(order_lines.line_total), 0) as revenue,
        coalesce(sum(order_lines.order_qty * order_lines.unit_price), 0) as revenue_before_discount
    from special_offers
    left join order_lines on special_offers.sk_special_offer = order_lines.sk_special_offer
    group by 1, 2, 3, 4

)

select
    *,
    revenue_before_discount - revenue as discount_given,
    round((revenue_before_discount - revenue) / nullif(revenue_before_discount, 0), 6) as discount_share
from summed
