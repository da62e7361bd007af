-- Sales of a month by channel: the web shop and the resellers. An order has one day, one territory and one channel, so
-- the orders of the days add up.
with

daily_sales as (

    select * from {{ ref('mart_sales_daily') }}

),

summed as (

    select
        date_trunc('month', order_date)::date as order_month,
        sales_channel,
        sum(orders)::bigint as orders,
        sum(order_lines)::bigint as order_lines,
        sum(units)::bigint as units,
        sum(revenue) as revenue,
        round(sum(revenue) / sum(orders), 2) as average_order_value
    from daily_sales
    group by 1, 2

)

select * from summed
