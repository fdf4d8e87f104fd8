using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Definitions;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Reporting.Writing;
using RocketOps.Operator.Settings;
using RocketOps.Operator.Tests.Support;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>
/// What finalizers are made of that take something from the one master of cluster a, whose API server has the cluster and no rival of
/// anything.
/// </summary>
internal sealed class RemovalParts : IAsyncDisposable
{
    /// <summary>The master's.</summary>
    public const string Address = "10.0.0.1:10911";

    private readonly ClusterAdmins _admins;

    public RemovalParts(OperatorOptions options, TimeProvider time)
    {
        IKubernetesClient client = Substitute.For<IKubernetesClient>();
        BrokerCluster cluster = new() { Metadata = new ObjectMeta { Name = "a", Namespace = "ns", Uid = "cluster" } };
        client.GetAsync<BrokerCluster>("a", "ns", Arg.Any<CancellationToken>()).Returns(cluster);
        _admins = new ClusterAdmins(new FakeAdminFactory(Admin), Substitute.For<IEntityCache<BrokerCluster>>());
        Calls = new MasterCalls(options, time);
        RemovalChecks checks = new(client, time, NullLogger<RemovalChecks>.Instance);
        Removals = new RemovalPass(checks, _admins, Calls, NullLogger<RemovalPass>.Instance);
        Statuses = new StatusWriter(client, new DefinitionCheck(client, options, time, NullLogger<DefinitionCheck>.Instance));
    }

    public FakeAdmin Admin { get; } = new() { Registered = new(StringComparer.Ordinal) { ["a-0"] = new() { [0] = Address } } };

    public MasterCalls Calls { get; }

    public RemovalPass Removals { get; }

    public StatusWriter Statuses { get; }

    /// <summary>A cache that has nothing.</summary>
    public static IInformer<T> Nothing<T>()
        where T : class, IKubernetesObject
    {
        IInformer<T> cache = Substitute.For<IInformer<T>>();
        cache.Unreadable.Returns(new Dictionary<ObjectKey, string>());
        cache.ByIndex(Arg.Any<string>(), Arg.Any<string>()).Returns([]);
        return cache;
    }

    public ValueTask DisposeAsync() => _admins.DisposeAsync();
}
