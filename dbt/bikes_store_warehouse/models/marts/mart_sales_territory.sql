-- Sales of a month by territory, with the month before and the share of all sales of the month.
with

daily_sales as (

    select * from {{ ref('mart_sales_daily') }}

),

monthly as (

    select
        date_trunc('month', order_date)::date as order_month,
        territory_name,
        -- the last one of the month, so that a territory that moves to another group keeps one row
        (array_agg(territory_group order by order_date desc))[1] as territory_group,
        sum(orders) as orders,
        sum(units) as units,
        sum(revenue) as revenue
    from daily_sales
    group by 1, 2

),

-- each month beside the month before it, which is not always the row before: a month without sales has no row
month_before as (

    select
        (order_month + interval '1 month')::date as order_month,
        territory_name,
        revenue
    from monthly

),

first_months as (

    select
        territory_name,
        min(order_month) as order_month
    from monthly
    where order_month > '{{ unknown_date() }}'
    group by 1

),

compared as (

    select
        monthly.order_month,
        monthly.territory_name,
        monthly.territory_group,
        monthly.orders,
        monthly.units,
        monthly.revenue,
        case
            when monthly.order_month > first_months.order_month then coalesce(month_before.revenue, 0)
        end as revenue_before,
        round(
            monthly.revenue / nullif(sum(monthly.revenue) over (partition by monthly.order_month), 0), 6
        ) as revenue_share
    from monthly
    left join month_before
        on monthly.territory_name = month_before.territory_name and monthly.order_month = month_before.order_month
    left join first_months on monthly.territory_name = first_months.territory_name

)

select * from compared
