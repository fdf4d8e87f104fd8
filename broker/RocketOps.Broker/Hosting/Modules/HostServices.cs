using Microsoft.Extensions.Logging;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Overload;
using RocketOps.Broker.Roles;
using RocketOps.Hosting.Hosts;
using RocketOps.Remoting.Client;
using RocketOps.Store;
using RocketOps.Store.Files;

namespace RocketOps.Broker.Hosting.Modules;

/// <summary>
/// Services that are there before the modules, and go from them to the parts they make, each of which is given what it uses.
/// </summary>
/// <param name="Settings">Settings in force.</param>
/// <param name="Store">Messages; may still be starting.</param>
/// <param name="Files">Disk for the files beside the store.</param>
/// <param name="Address">Address of this broker.</param>
/// <param name="Role">Role at the moment.</param>
/// <param name="Client">Connections to the master, to other brokers and to name servers.</param>
/// <param name="Resolver">Addresses of host names.</param>
/// <param name="Refused">Counters of what is refused as there is too much of it.</param>
/// <param name="Loggers">Loggers.</param>
/// <param name="Time">Clock.</param>
internal sealed record HostServices(
    BrokerSettings Settings,
    MessageStore Store,
    IStoreFileSystem Files,
    BrokerAddress Address,
    CurrentRole Role,
    RemotingClient Client,
    HostResolver Resolver,
    RefusedEntries Refused,
    ILoggerFactory Loggers,
    TimeProvider Time)
{
    public CurrentOptions<T> Options<T>()
        where T : class, IFeatureOptions<T> => Settings.Of<T>();

    public ILogger<T> LoggerOf<T>() => Loggers.CreateLogger<T>();
}
