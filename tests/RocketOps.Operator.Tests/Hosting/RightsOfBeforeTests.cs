using RocketOps.Embedded;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Tests.Support;

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
        Conditions.Find(elected.Status!.Conditions, "Ready")!.Message.Should().StartWith("Members that elect their master (replication.failover: Automatic) take rights that the operator does not have: ")
            .And.EndWith(" Give it the roles of its version (deploy/rbac, or rbac.create of the chart).");
        (await world.Client.GetAsync<StatefulSet>("e-0", OperatorWorld.Ns)).Should().BeNull();

        // The right comes.
        world.OperatorFault = null;
        await world.ClusterAsync("e", "Stalled", "False");
    }
}
