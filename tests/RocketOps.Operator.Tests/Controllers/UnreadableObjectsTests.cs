using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>Objects that the API server takes and that do not fit the operator's types, as with words of newer definitions, which stay when an older operator is put back.</summary>
public sealed class UnreadableObjectsTests
{
    private const string Newer = """{"spec":{"replication":{"apiOutage":"Newer"}}}""";
    private const string Older = """{"spec":{"replication":{"apiOutage":null}}}""";

    [Fact]
    public async Task Cluster_CannotBeReadAnyMore_SaysSoOnceBesideAllElseUntilItCan()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await AllowNewerWordAsync(world, "brokerclusters", "replication", "apiOutage");
        await world.QuietAsync();
        JsonNode before = (await ReadAsync<BrokerCluster>(world, "a"))["status"]!;

        await PatchAsync<BrokerCluster>(world, "a", Newer);

        JsonNode told = await StalledAsync<BrokerCluster>(world, "a");
        JsonNode status = told["status"]!;
        Condition(status, "Stalled")["message"]!.ToString().Should().StartWith("This operator cannot read the object: spec.replication.apiOutage: the value is no ApiOutageMode that is known here. ");
        Condition(status, "Ready")["status"]!.ToString().Should().Be("False");
        Condition(status, "Reconciling")["status"]!.ToString().Should().Be("False");
        status["observedGeneration"]!.GetValue<long>().Should().Be(told["metadata"]!["generation"]!.GetValue<long>());
        Rest(status).ToJsonString().Should().Be(Rest(before).ToJsonString(), "all else is what was known last");
        world.Metrics.Should().Contain("rocketops_operator_unreadable_objects{kind=\"BrokerCluster\"} 1\n").And.Contain("rocketops_operator_unreadable_objects{kind=\"Topic\"} 0\n");
        await Eventually.TrueAsync(
            async () => (await world.Client.ListAsync<Event>()).Items.Any(static item => item is { Type: "Warning", Reason: Reasons.InvalidSpec, Regarding: { Kind: BrokerCluster.KindName, Name: "a" } }), "an event tells it");
        await Eventually.TrueAsync(
            async () =>
            {
                // A pass over an older copy may tell the same once more.
                world.Writes.Clear();
                await world.EndedPassesAsync(3);
                return !world.Writes.Contains("patch brokerclusters/status a");
            },
            "it is told once");

        await PatchAsync<BrokerCluster>(world, "a", Older);

        BrokerCluster ready = await world.ClusterAsync("a", "Ready", "True");
        Conditions.Find(ready.Status!.Conditions, "Stalled")!.Status.Should().Be("False");
        await Eventually.TrueAsync(() => world.Metrics.Contains("rocketops_operator_unreadable_objects{kind=\"BrokerCluster\"} 0\n", StringComparison.Ordinal), "it is counted no longer");
    }

    /// <summary>One edit brings a word of a newer operator and asks for everything to be left alone.</summary>
    [Fact]
    public async Task Cluster_CannotBeReadAnyMoreAndIsPaused_IsLeftAloneUntilItIsNot()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await AllowNewerWordAsync(world, "brokerclusters", "replication", "apiOutage");
        await world.QuietAsync();

        await PatchAsync<BrokerCluster>(world, "a", """{"metadata":{"annotations":{"rocketops.io/paused":"true"}},"spec":{"replication":{"apiOutage":"Newer"}}}""");

        await StalledAsync<BrokerCluster>(world, "a");
        await world.Client.DeleteAsync<Service>("a-nameserver", OperatorWorld.Ns);
        await world.EndedPassesAsync(3);
        (await world.Client.GetAsync<Service>("a-nameserver", OperatorWorld.Ns)).Should().BeNull("it is to be left alone");

        // What is kept up is what it was when it could be read.
        await PatchAsync<BrokerCluster>(world, "a", """{"metadata":{"annotations":{"rocketops.io/paused":null}}}""");
        await Eventually.TrueAsync(async () => await world.Client.GetAsync<Service>("a-nameserver", OperatorWorld.Ns) is not null, "its children are put back");
        await PatchAsync<BrokerCluster>(world, "a", Older);
        await world.ClusterAsync("a", "Ready", "True");
    }

    /// <summary>As while its children are collected before it, with <c>--cascade=foreground</c>.</summary>
    [Fact]
    public async Task Cluster_CannotBeReadAnyMoreAndIsBeingDeleted_ItsChildrenAreNotMadeAgain()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await AllowNewerWordAsync(world, "brokerclusters", "replication", "apiOutage");
        await world.QuietAsync();
        await PatchAsync<BrokerCluster>(world, "a", """{"metadata":{"finalizers":["example.com/holds"]},"spec":{"replication":{"apiOutage":"Newer"}}}""");
        await StalledAsync<BrokerCluster>(world, "a");

        await world.Client.DeleteAsync<BrokerCluster>("a", OperatorWorld.Ns);

        // A pass over a copy that is not being deleted yet would make the Service again.
        await LookAsync("first");
        await LookAsync("second");
        await world.Client.DeleteAsync<Service>("a-nameserver", OperatorWorld.Ns);
        await LookAsync("third");
        await LookAsync("fourth");

        (await world.Client.GetAsync<Service>("a-nameserver", OperatorWorld.Ns)).Should().BeNull("it goes with its cluster");
        await PatchAsync<BrokerCluster>(world, "a", """{"metadata":{"finalizers":null}}""");
        await Eventually.TrueAsync(() => world.Metrics.Contains("rocketops_operator_unreadable_objects{kind=\"BrokerCluster\"} 0\n", StringComparison.Ordinal), "it is gone");

        async Task LookAsync(string look)
        {
            // Nothing brings a pass by itself any more.
            Task looked = world.EndedPassesAsync(0);
            await PatchAsync<BrokerCluster>(world, "a", $$$$"""{"metadata":{"annotations":{"example.com/look":"{{{{look}}}}"}}}""");
            await looked;
        }
    }

    /// <summary>What is to become of its topic may be what the newer word is about.</summary>
    [Fact]
    public async Task Topic_CannotBeReadAnyMoreAndIsBeingDeleted_ItsTopicStaysUntilItCan()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await world.CreateTopicAsync("events", "a", static spec => spec.DeletionPolicy = DeletionPolicy.Delete);
        await world.TopicAsync("events", "Ready", "True");
        await AllowNewerWordAsync(world, "topics", "deletionPolicy");
        await PatchAsync<Topic>(world, "events", """{"spec":{"deletionPolicy":"Newer"}}""");
        await StalledAsync<Topic>(world, "events");

        await world.Client.DeleteAsync<Topic>("events", OperatorWorld.Ns);

        await world.PassesAsync(4);
        world.Admin.Topic(world.Master("a-0"), "events").Should().NotBeNull();
        await PatchAsync<Topic>(world, "events", """{"spec":{"deletionPolicy":"Retain"}}""");
        await world.GoneAsync<Topic>("events");
        world.Admin.Topic(world.Master("a-0"), "events").Should().NotBeNull("it is to be kept");
    }

    [Fact]
    public async Task Cluster_CannotBeReadByAnOperatorThatBegins_SaysSoAndNothingIsTakenOffItsBrokers()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await world.CreateTopicAsync("kept", "a");
        await world.CreateTopicAsync("goes", "a", static spec => spec.DeletionPolicy = DeletionPolicy.Delete);
        await world.TopicAsync("kept", "Ready", "True");
        await world.TopicAsync("goes", "Ready", "True");
        await world.StopOperatorAsync();
        await AllowNewerWordAsync(world, "brokerclusters", "replication", "apiOutage");
        await PatchAsync<BrokerCluster>(world, "a", Newer);
        await world.Client.DeleteAsync<Topic>("goes", OperatorWorld.Ns);

        await world.StartOperatorAsync();

        await StalledAsync<BrokerCluster>(world, "a");
        Topic kept = await world.TopicAsync("kept", "Ready", "False", Reasons.ClusterNotReady);
        await world.SaysAsync(kept, "Ready", said => said.Should().Be("This operator cannot read BrokerCluster a, whose status says what to set right."));
        Topic goes = await world.AwaitAsync<Topic>("goes", static topic => Conditions.Find(topic.Status!.Conditions, "Ready") is { Reason: Reasons.InvalidSpec }, "waits");
        await world.SaysAsync(goes, "Ready", said => said.Should().StartWith("The topic is not removed while this operator cannot read BrokerCluster a, "));
        world.Admin.Topic(world.Master("a-0"), "goes").Should().NotBeNull();

        await PatchAsync<BrokerCluster>(world, "a", Older);
        await world.ClusterAsync("a", "Ready", "True");
        await world.TopicAsync("kept", "Ready", "True");
        await world.GoneAsync<Topic>("goes");
        world.Admin.Topic(world.Master("a-0"), "goes").Should().BeNull();
    }

    /// <summary>After a restart nothing is known of what it was when it could be read.</summary>
    [Fact]
    public async Task Topic_ThatMayHaveADeletedOnesTopicCannotBeRead_TheTopicStaysUntilItCan()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await world.CreateTopicAsync("first", "a", static spec => (spec.TopicName, spec.DeletionPolicy) = ("events", DeletionPolicy.Delete));
        await world.TopicAsync("first", "Ready", "True");
        await world.CreateTopicAsync("second", "a", static spec => spec.TopicName = "events");
        await world.TopicAsync("second", "Stalled", "True", Reasons.ResourceConflict);
        await world.StopOperatorAsync();
        await AllowNewerWordAsync(world, "topics", "messageType");
        await PatchAsync<Topic>(world, "second", """{"spec":{"messageType":"Newer"}}""");
        await world.Client.DeleteAsync<Topic>("first", OperatorWorld.Ns);

        await world.StartOperatorAsync();

        Topic waiting = await world.AwaitAsync<Topic>("first", static topic => Conditions.Find(topic.Status!.Conditions, "Ready") is { Reason: Reasons.InvalidSpec }, "waits");
        await world.SaysAsync(waiting, "Ready", said => said.Should().StartWith("The topic is not removed while this operator cannot read Topic second, "));
        JsonNode told = (await StalledAsync<Topic>(world, "second"))["status"]!;
        Condition(told, "Stalled")["message"]!.ToString().Should().StartWith("This operator cannot read the object: spec.messageType: the value is no TopicMessageType that is known here. ");
        world.Admin.Topic(world.Master("a-0"), "events").Should().NotBeNull();

        await PatchAsync<Topic>(world, "second", """{"spec":{"messageType":null}}""");
        await world.GoneAsync<Topic>("first");
        (await world.TopicAsync("second", "Ready", "True")).Status!.TopicName.Should().Be("events");
        world.Admin.Topic(world.Master("a-0"), "events").Should().NotBeNull();
        world.Admin.Writes.Should().NotContain("nameservers delete events");
    }

    /// <summary>After a restart nothing is known of what it was when it could be read.</summary>
    [Fact]
    public async Task ConsumerGroup_ThatMayHaveADeletedOnesGroupCannotBeRead_TheGroupStaysUntilItCan()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await world.CreateGroupAsync("first", "a", static spec => (spec.GroupName, spec.DeletionPolicy) = ("billing", DeletionPolicy.Delete));
        await world.GroupAsync("first", "Ready", "True");
        await world.CreateGroupAsync("second", "a", static spec => spec.GroupName = "billing");
        await world.GroupAsync("second", "Stalled", "True", Reasons.ResourceConflict);
        await world.StopOperatorAsync();
        await AllowNewerWordAsync(world, "consumergroups", "managementPolicy");
        await PatchAsync<ConsumerGroup>(world, "second", """{"spec":{"managementPolicy":"Newer"}}""");
        await world.Client.DeleteAsync<ConsumerGroup>("first", OperatorWorld.Ns);

        await world.StartOperatorAsync();

        ConsumerGroup waiting = await world.AwaitAsync<ConsumerGroup>("first", static group => Conditions.Find(group.Status!.Conditions, "Ready") is { Reason: Reasons.InvalidSpec }, "waits");
        await world.SaysAsync(waiting, "Ready", said => said.Should().StartWith("The consumer group is not removed while this operator cannot read ConsumerGroup second, "));
        JsonNode told = (await StalledAsync<ConsumerGroup>(world, "second"))["status"]!;
        Condition(told, "Stalled")["message"]!.ToString().Should().StartWith("This operator cannot read the object: spec.managementPolicy: the value is no ManagementPolicy that is known here. ");
        world.Admin.Group(world.Master("a-0"), "billing").Should().NotBeNull();

        await PatchAsync<ConsumerGroup>(world, "second", """{"spec":{"managementPolicy":null}}""");
        await world.GoneAsync<ConsumerGroup>("first");
        (await world.GroupAsync("second", "Ready", "True")).Status!.GroupName.Should().Be("billing");
        world.Admin.Group(world.Master("a-0"), "billing").Should().NotBeNull();
    }

    /// <summary>The younger one, which was refused as long as the older one could be read, does not take its topic. What is nowhere yet is nobody's.</summary>
    [Fact]
    public async Task Topic_CannotBeReadByAnOperatorThatBegins_ItsTopicIsTakenOverByNobody()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await world.CreateTopicAsync("older", "a", static spec => spec.TopicName = "events");
        await world.TopicAsync("older", "Ready", "True");
        await world.CreateTopicAsync("younger", "a", static spec => (spec.TopicName, spec.AdoptionPolicy, spec.ReadQueues, spec.WriteQueues) = ("events", AdoptionPolicy.Adopt, 16, 16));
        await world.TopicAsync("younger", "Stalled", "True", Reasons.ResourceConflict);
        await world.StopOperatorAsync();
        await AllowNewerWordAsync(world, "topics", "messageType");
        await PatchAsync<Topic>(world, "older", """{"spec":{"messageType":"Newer"}}""");

        await world.StartOperatorAsync();

        Topic waiting = await world.TopicAsync("younger", "Ready", "False", Reasons.InvalidSpec);
        await world.SaysAsync(waiting, "Ready", said => said.Should().StartWith("Topic events was there before this object, and is not taken over while this operator cannot read Topic older, "));
        await world.CreateTopicAsync("new", "a");
        await world.TopicAsync("new", "Ready", "True");
        world.Admin.Topic(world.Master("a-0"), "events")!.WriteQueues.Should().NotBe(16);

        await PatchAsync<Topic>(world, "older", """{"spec":{"messageType":null}}""");
        await world.TopicAsync("older", "Ready", "True");
        await world.TopicAsync("younger", "Stalled", "True", Reasons.ResourceConflict);
        world.Admin.Topic(world.Master("a-0"), "events")!.WriteQueues.Should().NotBe(16);
    }

    [Fact]
    public async Task ConsumerGroup_CannotBeReadByAnOperatorThatBegins_ItsGroupIsTakenOverByNobody()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await world.CreateGroupAsync("older", "a", static spec => spec.GroupName = "billing");
        await world.GroupAsync("older", "Ready", "True");
        await world.CreateGroupAsync("younger", "a", static spec => (spec.GroupName, spec.AdoptionPolicy, spec.RetryMaxTimes) = ("billing", AdoptionPolicy.Adopt, 3));
        await world.GroupAsync("younger", "Stalled", "True", Reasons.ResourceConflict);
        await world.StopOperatorAsync();
        await AllowNewerWordAsync(world, "consumergroups", "managementPolicy");
        await PatchAsync<ConsumerGroup>(world, "older", """{"spec":{"managementPolicy":"Newer"}}""");

        await world.StartOperatorAsync();

        ConsumerGroup waiting = await world.GroupAsync("younger", "Ready", "False", Reasons.InvalidSpec);
        await world.SaysAsync(waiting, "Ready", said => said.Should().StartWith("Consumer group billing was there before this object, and is not taken over while this operator cannot read ConsumerGroup older, "));
        await world.CreateGroupAsync("new", "a");
        await world.GroupAsync("new", "Ready", "True");
        world.Admin.Group(world.Master("a-0"), "billing")!.RetryMaxTimes.Should().Be(16);

        await PatchAsync<ConsumerGroup>(world, "older", """{"spec":{"managementPolicy":null}}""");
        await world.GroupAsync("older", "Ready", "True");
        await world.GroupAsync("younger", "Stalled", "True", Reasons.ResourceConflict);
        world.Admin.Group(world.Master("a-0"), "billing")!.RetryMaxTimes.Should().Be(16);
    }

    /// <summary>As definitions of a newer operator are before an older one is put back.</summary>
    private static async Task AllowNewerWordAsync(OperatorWorld world, string plural, params string[] field)
    {
        string path = $"apis/apiextensions.k8s.io/v1/customresourcedefinitions/{plural}.rocketops.io";
        JsonNode definition = (await world.Client.SendAsync(HttpMethod.Get, path))!;
        JsonNode schema = definition["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!["spec"]!;
        foreach (string name in field)
        {
            schema = schema["properties"]![name]!;
        }

        schema["enum"]!.AsArray().Add("Newer");
        await world.Client.SendAsync(HttpMethod.Put, path, definition);
    }

    private static async Task PatchAsync<T>(OperatorWorld world, string name, string patch)
        where T : class, IKubernetesObject =>
        await world.Client.SendAsync(HttpMethod.Patch, world.Client.Types.Get<T>().Path(OperatorWorld.Ns, name), JsonNode.Parse(patch), KubernetesMediaTypes.MergePatch);

    private static async Task<JsonNode> ReadAsync<T>(OperatorWorld world, string name)
        where T : class, IKubernetesObject =>
        (await world.Client.SendAsync(HttpMethod.Get, world.Client.Types.Get<T>().Path(OperatorWorld.Ns, name)))!;

    private static async Task<JsonNode> StalledAsync<T>(OperatorWorld world, string name)
        where T : class, IKubernetesObject
    {
        JsonNode? last = null;
        await Eventually.TrueAsync(
            async () =>
            {
                last = await ReadAsync<T>(world, name);
                JsonNode stalled = Condition(last["status"]!, "Stalled");
                return (stalled["status"]!.ToString(), stalled["reason"]!.ToString()) == ("True", Reasons.InvalidSpec);
            },
            $"{name} is stalled");
        return last!;
    }

    private static JsonNode Condition(JsonNode status, string type) => status["conditions"]!.AsArray().Single(condition => condition!["type"]!.ToString() == type)!;

    /// <summary>A status without what it says of being ready.</summary>
    private static JsonObject Rest(JsonNode status)
    {
        JsonObject rest = status.DeepClone().AsObject();
        rest.Remove("observedGeneration");
        rest["conditions"]!.AsArray().RemoveAll(static condition => condition!["type"]!.ToString() is "Ready" or "Reconciling" or "Stalled");
        return rest;
    }
}
