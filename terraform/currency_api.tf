# The currency API: the bundled service, or one elsewhere.

locals {
  currency_api_url = coalesce(var.currency_api_url, "http://currency-api:8000/api/currencydata")
}

module "currency_api" {
  source = "./modules/service"
  count  = var.currency_api_url == "" ? 1 : 0

  platform = local.platform
  name     = "currency-api"
  image    = module.airflow_image.id
  command  = ["gunicorn", "--chdir", "source/currency_api", "--bind", "0.0.0.0:8000", "app:app"]
  healthcheck = {
    test = ["CMD", "curl", "--fail", "--silent", "--output", "/dev/null", "http://127.0.0.1:8000/api/health"]
  }
}
