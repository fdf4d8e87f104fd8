using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Steps;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Tests.Support;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>One world for all rows of the table: cluster a of two groups with fixed roles, and cluster e with a group that elects its master. What a row breaks it mends.</summary>
public sealed class FaultConditionFixture : IAsyncLifetime
{
    private const int Members = 2;

    internal OperatorWorld World { get; private set; } = null!;

    internal ElectedMembers Elected { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        // Every row waits for several looks.
        World = await OperatorWorld.StartAsync(static options => options with { ResyncInterval = TimeSpan.FromMilliseconds(40), ProgressInterval = TimeSpan.FromMilliseconds(20) });
        Elected = new ElectedMembers(World.Client, "e-0", pulse: World.Pulse);
        World.Workloads.Registration = async (pod, cancellationToken) => pod.StartsWith("e-", StringComparison.Ordinal) ? await Elected.RegistrationAsync(pod, cancellationToken) : null;
        await World.CreateClusterAsync("a", OperatorWorld.TwoByTwo);
        await World.CreateClusterAsync("e", static spec =>
        {
            spec.Brokers.Replicas = Members;
            spec.Replication.Mode = ReplicationMode.Sync;
            spec.Replication.MinInSync = Members;
            spec.Replication.Failover = FailoverMode.Automatic;
        });
        await World.ClusterAsync("a", "Ready", "True");
        await World.ClusterAsync("e", "Ready", "True");
    }

    public async Task DisposeAsync()
    {
        await Elected.DisposeAsync();
        await World.DisposeAsync();
    }

    /// <summary>Where the broker of a pod is asked.</summary>
    internal async Task<string> AddressAsync(string pod) => MemberFiguresStep.AddressOf((await World.Client.GetAsync<Pod>(pod, OperatorWorld.Ns))!.Status!.PodIP!);

    /// <summary>The pod that leads the group of e.</summary>
    internal string Master => Elected.Masters[^1];

    internal string Slave => Master == "e-0-0" ? "e-0-1" : "e-0-0";

    internal async Task RefuseAsync(string pod, string word)
    {
        string address = await AddressAsync(pod);
        World.Admin.RefusedBy[address] = word;
        World.Admin.Refusals[address] = $"why {word}";
    }

    internal async Task UnfollowAsync(string pod) => World.Admin.NotFollowing[await AddressAsync(pod)] = "its log has another record";

    internal Task LeaseAsync(Action<Lease> change) => World.ChangeAsync<Lease>("e-0", change);

    internal Task RollAsync(string cluster, string value) => World.ChangeAsync<BrokerCluster>(cluster, changed => changed.Spec.Brokers.Config = new() { ["serverChannelMaxIdleTimeSeconds"] = value });

    internal Task PauseAsync(string? what) => World.ChangeAsync<BrokerCluster>("a", cluster =>
    {
        cluster.Metadata.Annotations ??= [];
        cluster.Metadata.Annotations.Remove("rocketops.io/paused");
        if (what is not null)
        {
            cluster.Metadata.Annotations["rocketops.io/paused"] = what;
        }
    });

    /// <summary>All is as at the beginning, as far as it lies with the world.</summary>
    internal void Mend()
    {
        World.Admin.Refusals.Clear();
        World.Admin.RefusedBy.Clear();
        World.Admin.Permissions.Clear();
        World.Admin.NotFollowing.Clear();
        World.Admin.Silent.Clear();
        World.Admin.Differing.Clear();
        World.Admin.Registered ??= new(StringComparer.Ordinal);
        World.Admin.Leading = null;
        Elected.CatchesUp = static _ => true;
        Elected.HandsOver = static _ => true;
        Elected.AreCutOff = false;
        World.Workloads.Sick = static status => status;
        World.Workloads.Makes = static _ => true;
        World.Workloads.Healthy = static _ => true;
        World.Workloads.NameServerServes = static _ => true;
        World.Pulse!.Beat();
    }
}
