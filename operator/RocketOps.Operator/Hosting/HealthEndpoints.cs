using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RocketOps.Kubernetes.Controllers;
using RocketOps.Operator.Metrics;

namespace RocketOps.Operator.Hosting;

/// <summary>Endpoints for the kubelet and Prometheus. A standby is ready too: it is there to take over.</summary>
internal static class HealthEndpoints
{
    public static void Map(IEndpointRouteBuilder endpoints, OperatorHealth health, PrometheusPage metrics)
    {
        endpoints.MapGet("/livez", (RequestDelegate)(context => AnswerAsync(context, health.LiveProblem())));
        endpoints.MapGet("/readyz", (RequestDelegate)(context => AnswerAsync(context, health.ReadyProblem())));
        endpoints.MapGet("/startupz", (RequestDelegate)(context => AnswerAsync(context, health.ReadyProblem())));
        endpoints.MapGet("/metrics", (RequestDelegate)(context =>
        {
            context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
            return context.Response.WriteAsync(metrics.Render(), context.RequestAborted);
        }));
    }

    private static Task AnswerAsync(HttpContext context, string? problem)
    {
        context.Response.StatusCode = problem is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(problem is null ? "ok\n" : problem + "\n", context.RequestAborted);
    }
}
