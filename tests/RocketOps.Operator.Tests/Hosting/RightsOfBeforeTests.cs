using RocketOps.Embedded;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Hosting;

/// <summary>Roles that somebody keeps himself may be older than groups that elect their master: an operator without those rights works on everything else.</summary>
public sealed class RightsOfBeforeTests
{
    [Fact]
    public async Task Start_WithoutRightOnLeases_FixedRolesWork()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.StopOperatorAsync();
        world.OperatorFault = static call => call.Resource is "leases" or "roles" or "rolebindings" or "endpointslices" ? ApiFault.Fail(403, "Forbidden") : null;
        await world.StartOperatorAsync();

        await world.CreateClusterAsync("p", static spec => spec.Brokers.Replicas = 2);
        await world.CreateClusterAsync("e", static spec =>
        {
            spec.Brokers.Replicas = 2;
            spec.Replication.Failover = FailoverMode.Automatic;
        });

        await world.ClusterAsync("p", "Ready", "True");
        BrokerCluster elected = await world.ClusterAsync("e", "Stalled", "True", Reasons.Refused);
        await world.SaysAsync(elected, "Ready", said => said.Should().StartWith("Members that elect their master (replication.failover: Automatic) take rights that the operator does not have: ")
            .And.EndWith(" Give the operator the roles of its version (deploy/rbac, or rbac.create of the chart)."));
        (await world.Client.GetAsync<StatefulSet>("e-0", OperatorWorld.Ns)).Should().BeNull();

        // The right comes.
        world.OperatorFault = null;
        await world.ClusterAsync("e", "Stalled", "False");
    }

    /// <summary>Before it read claims and ConsumerGroups.</summary>
    [Fact]
    public async Task Upgraded_WithTheRightsOfTheFirstOperator_WorksOnWhatTheyAllow()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("p", static spec => spec.Brokers.Replicas = 2);
        await world.ClusterAsync("p", "Ready", "True");
        await world.StopOperatorAsync();
        ShippedRights first = new([], null, ShippedRights.Read(Repository.Path("tests", "RocketOps.Operator.Tests", "Hosting", "first-operator-rules.yaml")));
        world.OperatorFault = call => first.Refusal(call) is null ? null : ApiFault.Fail(403, "Forbidden");
        await world.StartOperatorAsync();

        string before = await world.ConfigurationAsync("p-0-0");
        await world.ChangeAsync<BrokerCluster>("p", static cluster => cluster.Spec.Brokers.Config = new Dictionary<string, string> { ["flushDiskType"] = "SYNC_FLUSH" });
        await world.CreateTopicAsync("t", "p");
        await world.CreateGroupAsync("g", "p");

        await world.ClusterAsync("p", "Ready", "True");
        await Eventually.TrueAsync(async () => await world.ConfigurationAsync("p-0-0") != before && await world.ConfigurationAsync("p-0-1") != before, "its brokers are restarted");
        await world.TopicAsync("t", "Ready", "True");
        (await world.Client.GetAsync<ConsumerGroup>("g", OperatorWorld.Ns))!.Status?.Conditions.Should().BeNull("its kind may not be read");

        // The right comes.
        world.OperatorFault = null;
        await world.GroupAsync("g", "Ready", "True");
    }

    /// <summary>What cannot be read may be there: nothing is decided by it.</summary>
    [Fact]
    public async Task WithoutRightOnClaims_WhatTheyDecideWaitsAndSaysForWhat()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("p", static spec => (spec.Brokers.Groups, spec.Brokers.Replicas, spec.Brokers.Storage.Size) = (2, 2, Quantity.Parse("20Gi")));
        await world.ClusterAsync("p", "Ready", "True");
        await world.StopOperatorAsync();
        world.OperatorFault = static call => call.Resource is "persistentvolumeclaims" ? ApiFault.Fail(403, "Forbidden") : null;
        await world.StartOperatorAsync();

        // Members that elect their master have notes on their claims.
        await world.CreateClusterAsync("e", static spec => (spec.Brokers.Replicas, spec.Replication.Failover) = (2, FailoverMode.Automatic));
        await StalledAsync("e", "Members that elect their master (replication.failover: Automatic) take rights that the operator does not have: ");

        // Claims of a cluster of that name may belong to a group that elects its master.
        await world.CreateClusterAsync("n");
        await StalledAsync("n", "Members of n-0 are to be made, and the operator may not read whether their claims belong to a group that elects its master: ");
        (await world.Client.GetAsync<StatefulSet>("n-0", OperatorWorld.Ns)).Should().BeNull();
        await AskAsync(static brokers => brokers.Replicas = 3);
        await StalledAsync("p", "Members of p-0 are to be made, ");
        (await SetAsync("p-0")).Spec!.Replicas.Should().Be(2);

        // A set for larger claims beside small ones.
        string uid = (await SetAsync("p-0")).Uid();
        await AskAsync(static brokers => (brokers.Replicas, brokers.Storage.Size) = (2, Quantity.Parse("30Gi")));
        await StalledAsync("p", "brokers.storage.size stays 20Gi: the operator may not read the claims of p-0: ");
        (await SetAsync("p-0")).Uid().Should().Be(uid);

        // A set that its claims would go with.
        await AskAsync(static brokers => (brokers.Groups, brokers.Storage.Size) = (1, Quantity.Parse("20Gi")));
        await world.AwaitAsync<BrokerCluster>(
            "p", static cluster => cluster.Status?.Operations?.Exists(static operation => operation is { Type: OperationType.Drain, Phase: OperationPhase.Waiting, Group: "p-1" } && operation.Message?.Contains("the right to read its claims", StringComparison.Ordinal) == true) == true, "its group waits");
        world.Admin.Permissions.Should().BeEmpty("it goes on taking messages until it can go");

        // The right comes.
        world.OperatorFault = null;
        await world.ClusterAsync("n", "Ready", "True");
        await world.GoneAsync<StatefulSet>("p-1");

        Task AskAsync(Action<BrokersSpec> change) => world.ChangeAsync<BrokerCluster>("p", cluster => change(cluster.Spec.Brokers));

        async Task<StatefulSet> SetAsync(string name) => (await world.Client.GetAsync<StatefulSet>(name, OperatorWorld.Ns))!;

        Task StalledAsync(string name, string words) => world.AwaitAsync<BrokerCluster>(
            name,
            cluster => cluster.Status is { } status && status.ObservedGeneration == cluster.Metadata.Generation
                && Conditions.Find(status.Conditions, "Stalled") is { Status: "True", Reason: Reasons.Refused } stalled
                && stalled.Message!.StartsWith(words, StringComparison.Ordinal)
                && stalled.Message.EndsWith(" Give the operator the roles of its version (deploy/rbac, or rbac.create of the chart).", StringComparison.Ordinal),
            $"says: {words}");
    }
}
