using RocketOps.Client;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers RocketMQ clients.</summary>
public static class RocketMqServiceCollectionExtensions
{
    /// <summary>Begins the registration of producers, consumers and administration of one cluster.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="nameServers"><c>host:port;host:port</c>; null takes the environment variable <c>NAMESRV_ADDR</c>.</param>
    public static RocketMqBuilder AddRocketMq(this IServiceCollection services, string? nameServers = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        return new RocketMqBuilder(services, nameServers);
    }
}
