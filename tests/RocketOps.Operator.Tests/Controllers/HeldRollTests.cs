using RocketOps.Embedded;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Tests.Support;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>Pods are outdated, and something that concerns the whole cluster has to be set right before any may go.</summary>
public sealed class HeldRollTests
{
    [Fact]
    public async Task WhatAllGroupsNeedIsRefused_TheRestartIsStillToldOfWithWhy()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a");
        await world.ClusterAsync("a", "Ready", "True");
        world.Workloads.Started.Clear();
        world.OperatorFault = static call => call is { Verb: "patch", Resource: "services", Name: "a-nameserver" } ? ApiFault.Fail(403, "Forbidden") : null;
        await world.ChangeAsync<Service>("a-nameserver", static service => service.Metadata.Labels!["app.kubernetes.io/part-of"] = "mine");
        await world.ClusterAsync("a", "Stalled", "True", Reasons.Refused);

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new() { ["flushDiskType"] = "SYNC_FLUSH" });

        BrokerCluster held = await world.AwaitAsync<BrokerCluster>(
            "a",
            static cluster => cluster.Status?.Operations?.Exists(static operation => operation is { Type: OperationType.Roll, Phase: OperationPhase.Waiting } && operation.Message!.StartsWith("Brokers are outdated, and none restarts for now: ", StringComparison.Ordinal)) == true,
            "the restart says what it waits for");
        held.Status!.Operations!.Single(static operation => operation.Type == OperationType.Roll).Message.Should().EndWith(Conditions.Find(held.Status.Conditions, "Stalled")!.Message);
        await world.EndedPassesAsync(2);
        world.Workloads.Started.Should().BeEmpty();

        world.OperatorFault = null;
        await world.ClusterAsync("a", "Ready", "True");
        world.Workloads.Started.Should().NotBeEmpty();
    }
}
