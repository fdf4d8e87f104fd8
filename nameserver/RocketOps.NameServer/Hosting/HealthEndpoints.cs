using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace RocketOps.NameServer.Hosting;

/// <summary>What Kubernetes probes ask: <c>/livez</c> the process answers, <c>/startupz</c> it serves routes and is not stopping, <c>/readyz</c> and what it serves is whole.</summary>
internal static class HealthEndpoints
{
    /// <param name="application">The HTTP pipeline.</param>
    /// <param name="notStarted">Why routes are not served at this moment; null when they are.</param>
    /// <param name="notReady">Why clients should not be sent here at this moment; null when they should.</param>
    public static void Map(IApplicationBuilder application, Func<string?> notStarted, Func<string?> notReady) =>
        application.Run(context =>
        {
            string? problem;
            switch (context.Request.Path.Value)
            {
                case "/livez":
                    problem = null;
                    break;
                case "/startupz":
                    problem = notStarted();
                    break;
                case "/readyz":
                    problem = notReady();
                    break;
                default:
                    context.Response.StatusCode = StatusCodes.Status404NotFound;
                    return Task.CompletedTask;
            }

            context.Response.StatusCode = problem is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
            context.Response.ContentType = "text/plain";
            return context.Response.WriteAsync(problem ?? "ok\n", context.RequestAborted);
        });
}
