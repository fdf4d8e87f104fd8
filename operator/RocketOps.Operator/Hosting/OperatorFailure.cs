using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace RocketOps.Operator.Hosting;

/// <summary>Tells an operator that was stopped from one that broke: a host ends alike in both cases.</summary>
internal static class OperatorFailure
{
    public static Exception? Of(IServiceProvider services) => Of(Programs(services));

    /// <summary>The same of what was asked for while there was somebody to ask: what has ended says how, also after it was disposed of.</summary>
    public static Exception? Of(IEnumerable<BackgroundService> programs) => programs
        .Select(static service => service.ExecuteTask?.Exception?.InnerException)
        .FirstOrDefault(static failure => failure is not null);

    public static BackgroundService[] Programs(IServiceProvider services) => [.. services.GetServices<IHostedService>().OfType<BackgroundService>()];
}
