using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace RocketOps.Remoting.Server.Health;

/// <summary>
/// Pages of a server's HTTP port: <c>/livez</c> (the process answers), <c>/startupz</c> (it serves) and <c>/readyz</c> (clients may be sent here) for probes, 503 with the reason where it is not so, and <c>/metrics</c> for
/// Prometheus where the server has figures. Thread-safe.
/// </summary>
public sealed class HealthPages
{
    private readonly Func<string?> _notStarted;
    private readonly Func<string?> _notReady;
    private readonly Func<string>? _metrics;

    /// <param name="notStarted">Finds why the server does not serve at this moment; null when it does.</param>
    /// <param name="notReady">Finds why clients should not be sent here at this moment; null when they should.</param>
    /// <param name="metrics">Renders the page of metrics in Prometheus' text format; null where there is none.</param>
    public HealthPages(Func<string?> notStarted, Func<string?> notReady, Func<string>? metrics = null)
    {
        _notStarted = notStarted;
        _notReady = notReady;
        _metrics = metrics;
    }

    /// <summary>Answers everything that the application is asked.</summary>
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
            "/startupz" => AnswerAsync(context, _notStarted()),
            "/readyz" => AnswerAsync(context, _notReady()),
            "/metrics" when _metrics is not null => WriteAsync(context, "text/plain; version=0.0.4; charset=utf-8", _metrics()),
            _ => NotFoundAsync(context),
        };
    }

    private static Task AnswerAsync(HttpContext context, string? problem)
    {
        context.Response.StatusCode = problem is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        return WriteAsync(context, "text/plain; charset=utf-8", (problem ?? "ok") + "\n");
    }

    private static Task WriteAsync(HttpContext context, string contentType, string text)
    {
        context.Response.ContentType = contentType;
        return context.Response.WriteAsync(text, context.RequestAborted);
    }

    private static Task NotFoundAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }
}
