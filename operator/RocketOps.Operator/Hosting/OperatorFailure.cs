using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace RocketOps.Operator.Hosting;

/// <summary>Tells an operator that was stopped from one that broke: a host ends alike in both cases.</summary>
internal static class OperatorFailure
{
    public static Exception? Of(IServiceProvider services) => services.GetServices<IHostedService>()
        .OfType<BackgroundService>()
        .Select(static service => service.ExecuteTask?.Exception?.InnerException)
        .FirstOrDefault(static failure => failure is not null);
}
