using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Tests.Support;

namespace RocketOps.Operator.Tests.GitOps;

/// <summary>What Argo CD says of objects whose status our operator wrote.</summary>
public sealed class WrittenStatusTests
{
    private const string AllServe = "Every name server and every broker serves.";
    private const string IsPaused = "The operator changes nothing while the annotation rocketops.io/paused is true.";

    [Fact]
    public async Task Cluster_BeforeTheOperatorAndAfter_ProgressingThenHealthy()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.StopOperatorAsync();
        BrokerCluster made = await world.CreateClusterAsync("a");
        Health(world, made).Should().Be(("Progressing", "Waiting for the operator."));

        world.Workloads.Makes = static _ => false;
        await world.StartOperatorAsync();
        BrokerCluster starting = await world.ClusterAsync("a", "Reconciling", "True", Reasons.PodsStarting);
        Health(world, starting).Should().Be(("Progressing", Message(starting.Status!.Conditions, "Ready")));

        world.Workloads.Makes = static _ => true;
        Health(world, await world.ClusterAsync("a", "Ready", "True")).Should().Be(("Healthy", AllServe));
    }

    [Fact]
    public async Task Cluster_BadKey_DegradedUntilItIsTakenBack()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a");
        await world.ClusterAsync("a", "Ready", "True");

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = new() { ["brokerName"] = "mine" });
        BrokerCluster stalled = await world.ClusterAsync("a", "Stalled", "True", Reasons.InvalidConfig);

        (string status, string message) = Health(world, stalled);
        status.Should().Be("Degraded");
        message.Should().Be(Message(stalled.Status!.Conditions, "Stalled")).And.Contain("brokerName");
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = null);
        Health(world, await world.ClusterAsync("a", "Ready", "True")).Should().Be(("Healthy", AllServe));
    }

    [Fact]
    public async Task Cluster_Paused_SuspendedAlsoWhenMoreIsAskedFor()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a");
        await world.ClusterAsync("a", "Ready", "True");
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Metadata.Annotations = new() { ["rocketops.io/paused"] = "true" });
        Health(world, await world.ClusterAsync("a", "Paused", "True")).Should().Be(("Suspended", IsPaused));

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.TerminationGracePeriodSeconds = 61);
        BrokerCluster waiting = await world.AwaitAsync<BrokerCluster>("a", static cluster => Conditions.Find(cluster.Status!.Conditions, "Ready")!.Reason == Reasons.Paused, "says that it waits");
        waiting.Status!.ObservedGeneration.Should().BeLessThan(waiting.Metadata.Generation!.Value);
        Health(world, waiting).Should().Be(("Suspended", "What is asked for waits while the annotation rocketops.io/paused is true. Remove the annotation to go on."));

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Metadata.Annotations = null);
        Health(world, await world.ClusterAsync("a", "Ready", "True")).Should().Be(("Healthy", AllServe));
    }

    [Fact]
    public async Task Cluster_MasterFails_Degraded()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a");
        await world.ClusterAsync("a", "Ready", "True");

        world.Workloads.Makes = static pod => pod != "a-0-0";
        await world.Client.DeleteAsync<Pod>("a-0-0", OperatorWorld.Ns);
        BrokerCluster broken = await world.AwaitAsync<BrokerCluster>(
            "a", static cluster => Conditions.IsTrue(cluster.Status!.Conditions, "Degraded") && Conditions.Find(cluster.Status.Conditions, "Available")!.Status == "False", "has lost its master");

        Health(world, broken).Should().Be(("Degraded", Message(broken.Status!.Conditions, "Degraded")), "it says why with the pod");
        world.Workloads.Makes = static _ => true;
        Health(world, await world.ClusterAsync("a", "Ready", "True")).Should().Be(("Healthy", AllServe));
    }

    [Fact]
    public async Task TopicAndGroup_WaitConflictAndReady_ProgressingDegradedHealthy()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateTopicAsync("events", "a");
        await world.CreateGroupAsync("billing", "a");
        Topic early = await world.TopicAsync("events", "Reconciling", "True", Reasons.ClusterNotFound);
        Health(world, early).Should().Be(("Progressing", Message(early.Status!.Conditions, "Ready")));
        ConsumerGroup waiting = await world.GroupAsync("billing", "Reconciling", "True", Reasons.ClusterNotFound);
        Health(world, waiting).Should().Be(("Progressing", Message(waiting.Status!.Conditions, "Ready")));

        await world.CreateClusterAsync("a");
        Health(world, await world.TopicAsync("events", "Ready", "True")).Should().Be(("Healthy", "Every master has the topic as asked for."));
        Health(world, await world.GroupAsync("billing", "Ready", "True")).Should().Be(("Healthy", "Every master has the group as asked for."));

        // The topic is left on the brokers by the first object, and the second one wants it otherwise.
        await world.Client.DeleteAsync<Topic>("events", OperatorWorld.Ns);
        await world.GoneAsync<Topic>("events");
        await world.CreateTopicAsync("events", "a", static spec => spec.ReadQueues = 16);
        Topic conflict = await world.TopicAsync("events", "Stalled", "True", Reasons.Conflict);
        (string status, string message) = Health(world, conflict);
        status.Should().Be("Degraded");
        message.Should().Be(Message(conflict.Status!.Conditions, "Stalled")).And.Contain("16");

        await world.CreateGroupAsync("second", "a", static spec => spec.GroupName = "billing");
        ConsumerGroup taken = await world.GroupAsync("second", "Stalled", "True", Reasons.ResourceConflict);
        Health(world, taken).Should().Be(("Degraded", Message(taken.Status!.Conditions, "Stalled")));
    }

    private static (string Status, string Message) Health<T>(OperatorWorld world, T entity)
        where T : class, IKubernetesObject =>
        HealthScript.Of(typeof(T).Name).Run(JsonNode.Parse(JsonSerializer.Serialize(entity, world.Client.Types.Get<T>().Json))!);

    private static string Message(IEnumerable<Condition>? conditions, string type) => Conditions.Find(conditions, type)!.Message!;
}
