using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace RocketOps.Operator.Hosting;

/// <summary>
/// Pages for the kubelet and Prometheus, which answer as those of brokers and name servers do: GET and HEAD, these paths and no others. A
/// standby is ready too: it is there to take over.
/// </summary>
internal static class HealthEndpoints
{
    /// <summary>Answers everything that the application is asked.</summary>
    /// <param name="application">The application.</param>
    /// <param name="liveProblem">Finds why a restart would help at this moment; null when it would not.</param>
    /// <param name="readyProblem">Finds what is missing at this moment; null when nothing is.</param>
    /// <param name="metrics">Renders the page of metrics in Prometheus' text format.</param>
    public static void Configure(IApplicationBuilder application, Func<string?> liveProblem, Func<string?> readyProblem, Func<string> metrics) =>
        application.Run(context => HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method)
            ? context.Request.Path.Value switch
            {
                "/livez" => AnswerAsync(context, liveProblem()),
                "/readyz" or "/startupz" => AnswerAsync(context, readyProblem()),
                "/metrics" => WriteAsync(context, "text/plain; version=0.0.4; charset=utf-8", metrics()),
                _ => RefuseAsync(context, StatusCodes.Status404NotFound),
            }
            : RefuseAsync(context, StatusCodes.Status405MethodNotAllowed));

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

    private static Task RefuseAsync(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }
}
