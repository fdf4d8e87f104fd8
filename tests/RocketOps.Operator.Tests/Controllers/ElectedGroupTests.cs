using RocketOps.Kubernetes;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>Clusters whose groups elect their master, with played members.</summary>
public sealed class ElectedGroupTests : IAsyncLifetime
{
    private OperatorWorld _world = null!;
    private ElectedMembers _members = null!;

    public async Task InitializeAsync()
    {
        _world = await OperatorWorld.StartAsync();
        _members = new ElectedMembers(_world.Client, "a-0");
        _world.Workloads.Registration = _members.RegistrationAsync;
    }

    public async Task DisposeAsync()
    {
        await _members.DisposeAsync();
        await _world.DisposeAsync();
    }

    [Fact]
    public async Task Created_WithAutomaticFailover_HasAddressesRightsAndAMaster()
    {
        await CreateAsync();

        BrokerCluster ready = await _world.ClusterAsync("a", "Ready", "True");

        BrokerGroupStatus group = ready.Status!.Groups!.Single();
        group.Master.Should().Be(_members.Masters.Single());
        group.Epoch.Should().Be(1);
        group.InSync.Should().BeEquivalentTo("a-0-0", "a-0-1", "a-0-2");
        group.Members!.Select(static member => member.BrokerId).Should().Contain(0).And.OnlyHaveUniqueItems();
        Service master = await OfAsync<Service>("a-0-master");
        master.Spec!.Selector.Should().BeNull("whoever leads says where it leads");
        EndpointSlice slice = await OfAsync<EndpointSlice>("a-0-master");
        slice.AddressType.Should().Be("IPv4");
        slice.ControllerOwner()!.Uid.Should().Be(ready.Uid());
        string file = (await OfAsync<ConfigMap>(await _world.ConfigurationAsync("a-0-1"))).Data!["a-0-1.conf"];
        file.Should().Contain($"masterIP1={master.Spec.ClusterIP}").And.Contain($"brokerIP1={(await OfAsync<Service>("a-0-1")).Spec!.ClusterIP}")
            .And.Contain("memberName=a-0-1").And.Contain("leaseStore=kubernetes:default/a-0").And.NotContain("brokerRole").And.NotContain("brokerId");
        (await OfAsync<Role>("a-0-member")).Rules!.Should().OnlyContain(static rule => rule.ResourceNames!.Count == 1, "a broker has no business with other objects");
        await _world.AwaitAsync<Lease>("a-0", lease => lease.Metadata.OwnerReferences?.Exists(owner => owner.Uid == ready.Uid()) == true, "the Lease goes with its cluster");
    }

    [Fact]
    public async Task Rolled_MastersHandOverBeforeTheyGo()
    {
        await CreateAsync();
        await _world.ClusterAsync("a", "Ready", "True");
        string before = await _world.ConfigurationAsync("a-0-0");

        await _world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new Dictionary<string, string> { ["flushDiskType"] = "SYNC_FLUSH" });

        await _world.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status?.ObservedGeneration == cluster.Metadata.Generation && cluster.Status?.Groups?[0].Members?.TrueForAll(static member => member.Ready && member.Outdated is null) == true && cluster.Status.Groups[0].Epoch > 1, "rolled");
        for (int i = 0; i < 3; i++)
        {
            (await _world.ConfigurationAsync($"a-0-{i}")).Should().NotBe(before);
        }

        _members.Deposed.Should().BeEmpty("no master's pod went while it led");
        _members.Masters.Should().HaveCountGreaterThan(1);
        _world.Workloads.MostAway.Should().Be(1);
        await Eventually.TrueAsync(async () => (await EventsAsync()).IsSupersetOf(["HandOver", "MasterChanged", "PodRestarted"]), "events tell of it");
    }

    [Fact]
    public async Task MasterLost_TheStatusNamesTheNextOne()
    {
        await CreateAsync();
        await _world.ClusterAsync("a", "Ready", "True");
        string master = _members.Masters.Single();

        await _world.Client.DeleteAsync<Pod>(master, OperatorWorld.Ns, new DeleteOptions { GracePeriodSeconds = 0 });

        BrokerCluster after = await _world.AwaitAsync<BrokerCluster>("a", cluster => cluster.Status?.Groups?[0] is { Epoch: > 1, Master: { } next } && next != master, "another leads");
        after.Status!.Groups![0].Members!.Single(member => member.Name == master).Role.Should().Be(BrokerMemberRole.Slave);
        await _world.ClusterAsync("a", "Ready", "True");
    }

    [Theory]
    [InlineData("replicas", Reasons.NotSupported)]
    [InlineData("failover", Reasons.Immutable)]
    public async Task Changed_WhatTheGroupAgreedOn_IsRefusedAndTheGroupGoesOn(string field, string reason)
    {
        await CreateAsync();
        await _world.ClusterAsync("a", "Ready", "True");

        await _world.ChangeAsync<BrokerCluster>("a", cluster =>
        {
            cluster.Spec.Brokers.Replicas = field == "replicas" ? 2 : 3;
            cluster.Spec.Replication.Failover = field == "failover" ? FailoverMode.None : FailoverMode.Automatic;
        });

        await _world.ClusterAsync("a", "Stalled", "True", reason);
        await _world.PassesAsync(3);
        (await OfAsync<StatefulSet>("a-0")).Spec!.Replicas.Should().Be(3);
        (await OfAsync<StatefulSet>("a-0")).Spec!.Template!.Spec!.ServiceAccountName.Should().Be("a-0-member");
        _world.Workloads.MostAway.Should().Be(0);
    }

    private Task<BrokerCluster> CreateAsync() => _world.CreateClusterAsync("a", static spec =>
    {
        spec.Brokers.Replicas = 3;
        spec.Replication.Mode = ReplicationMode.Sync;
        spec.Replication.MinInSync = 2;
        spec.Replication.Failover = FailoverMode.Automatic;
    });

    private async Task<T> OfAsync<T>(string name)
        where T : class, IKubernetesObject =>
        await _world.Client.GetAsync<T>(name, OperatorWorld.Ns) ?? throw new InvalidOperationException($"There is no {typeof(T).Name} {name}.");

    private async Task<HashSet<string>> EventsAsync() => [.. (await _world.Client.ListAsync<Event>()).Items.Select(static happened => happened.Reason ?? string.Empty)];
}
