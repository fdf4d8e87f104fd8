using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace RocketOps.Broker.Health;

/// <summary>The HTTP port: /livez, /readyz and /startupz for probes, /metrics for Prometheus.</summary>
internal sealed class HealthEndpoints(BrokerHealth health, MetricsPage metrics)
{
    public void Configure(IApplicationBuilder application) => application.Run(HandleAsync);

    private Task HandleAsync(HttpContext context)
    {
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return Task.CompletedTask;
        }

        return context.Request.Path.Value switch
        {
            "/livez" => AnswerAsync(context, null),
            "/startupz" => AnswerAsync(context, health.Started ? null : "starting"),
            "/readyz" => AnswerAsync(context, health.FindReasonNotReady()),
            "/metrics" => metrics.WriteAsync(context.Response),
            _ => NotFoundAsync(context),
        };
    }

    private static Task AnswerAsync(HttpContext context, string? problem)
    {
        context.Response.StatusCode = problem is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync((problem ?? "ok") + "\n");
    }

    private static Task NotFoundAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }
}
