-- Sales of a month by territory, with the month before and the share of all sales of the month.
with

daily_sales as (

    select * from {{ ref('mart_sales_daily') }}

),

monthly as (

    select
        date_trunc('month', order_date)::date as order_month,
        territory_name,
        territory_group,
        sum(orders) as orders,
        sum(units) as units,
        sum(revenue) as revenue
    from daily_sales
    group by 1, 2, 3

),

compared as (

    select
        order_month,
        territory_name,
        territory_group,
        orders,
        units,
        revenue,
        lag(revenue) over (partition by territory_name order by order_month) as revenue_before,
        round(revenue / nullif(sum(revenue) over (partition by order_month), 0), 6) as revenue_share
    from monthly

)

select * from compared
