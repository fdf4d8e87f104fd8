using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Cli.Up;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Entities;

namespace RocketOps.Cli.Tests.Up;

/// <summary>What the screen makes of a cluster's status, its pods and their events.</summary>
public sealed class ClusterViewTests
{
    private const string Pods = "ha-0-0: running, not ready yet; ha-0-1: starting";

    [Theory]
    [InlineData(""" "role": "Master", "registered": true """, "ready")]
    [InlineData(""" "role": "Master", "registered": false """, "registering")]
    [InlineData(""" "role": "Master", "registered": true, "sendsRefused": "the disk is full", "refusedBy": "DISK" """, "disk full")]
    [InlineData(""" "role": "Master", "registered": true, "sendsRefused": "it cannot be written", "refusedBy": "STORE" """, "store fails")]
    [InlineData(""" "role": "Master", "registered": true, "sendsRefused": "too few", "refusedBy": "COPIES" """, "few copies")]
    [InlineData(""" "role": "Master", "registered": true, "sendsRefused": "nobody may write", "refusedBy": "PERMISSION" """, "read only")]
    [InlineData(""" "role": "Master", "registered": true, "sendsRefused": "not yet", "refusedBy": "NOT_LEADING" """, "not leading")]
    [InlineData(""" "role": "Master", "registered": true, "sendsRefused": "the disk is full" """, "refuses")]
    [InlineData(""" "role": "Slave", "registered": true, "notFollowing": "its log has another record" """, "not copying")]
    [InlineData(""" "role": "Slave", "registered": true, "outdated": true """, "outdated")]
    public void Member_StateIsWhatItsBrokerSays(string fields, string expected) => Member(fields).State.Should().Be(expected);

    [Theory]
    [InlineData(""" "role": "Master", "lagBytes": 0 """, "")]
    [InlineData(""" "role": "Slave", "lagBytes": 0 """, "<1 MiB behind")]
    [InlineData(""" "role": "Slave", "lagBytes": 16777216 """, "≤16 MiB behind")]
    [InlineData(""" "role": "Slave", "lagBytes": 4294967296 """, "≤4 GiB behind")]
    [InlineData(""" "role": "Slave" """, "")]
    public void Member_OfFixedRoles_SaysHowFarItIsBehind(string fields, string expected) => Member(fields).Copy.Should().Be(expected);

    [Theory]
    [InlineData(""" "role": "Master" """, "", 8)]
    [InlineData(""" "role": "Slave", "name": "ha-0-1", "lagBytes": 1048576 """, "in sync", null)]
    [InlineData(""" "role": "Slave", "name": "ha-0-2", "lagBytes": 0 """, "not in sync", null)]
    [InlineData(""" "role": "Slave", "name": "ha-0-2", "lagBytes": 1048576 """, "≤1 MiB behind", null)]
    public void Member_OfAnElectedGroup_SaysWhetherItIsInSync(string fields, string copy, int? epoch)
    {
        MemberView member = Member(fields, """ "epoch": 8, "inSync": ["ha-0-0", "ha-0-1"], """);

        member.Copy.Should().Be(copy);
        member.Epoch.Should().Be(epoch);
    }

    [Fact]
    public void Member_HasTheProcessTheRestartsAndTheAgeOfItsPod()
    {
        MemberView member = Member(""" "role": "Master" """);

        member.ProcessId.Should().Be(4711);
        member.Restarts.Should().Be(2);
        member.CreatedAt.Should().Be(new DateTimeOffset(2026, 11, 26, 7, 8, 10, TimeSpan.Zero));
    }

    [Fact]
    public void Remarks_DegradedNamesThePodsOfReady_AreToldOnce()
    {
        ClusterView view = View(
            Condition("Ready", "False", "MasterMissing", $"ha-0 takes no messages. {Pods}."),
            Condition("Available", "False", "MasterMissing", "No serving master: ha-0 (nobody holds its Lease)."),
            Condition("Degraded", "True", "PodsNotReady", $"{Pods}."));

        view.Message.Should().Contain(Pods);
        view.Remarks.Should().BeEmpty();
    }

    [Fact]
    public void Cluster_HasTheAgeOfItsObject() => View().CreatedAt.Should().Be(new DateTimeOffset(2026, 11, 20, 0, 0, 0, TimeSpan.Zero));

    [Fact]
    public void Remarks_ThatSayMore_AreTold()
    {
        ClusterView view = View(
            Condition("Ready", "False", "PodsNotReady", $"{Pods}."),
            Condition("Degraded", "True", "DiskFull", $"ha-0-2 takes no messages: the disk is full. Also: {Pods}."),
            Condition("Replicated", "False", "NotFollowing", "ha-0-1 does not copy."),
            Condition("Available", "True", "MastersRegistered", "Every group has a registered master."));

        view.Remarks.Should().Equal($"ha-0-2 takes no messages: the disk is full. Also: {Pods}.", "ha-0-1 does not copy.");
    }

    [Fact]
    public void Events_OfThisRunWithoutProbes()
    {
        DateTimeOffset begun = DateTimeOffset.Parse("2026-11-26T07:08:10.700Z", CultureInfo.InvariantCulture);

        IReadOnlyList<EventView> seen = EventView.Newest(
            [
                Event("Killing", "Normal", "Stopping container broker", "2026-11-26T07:07:21Z"),
                Event("TopicCreated", "Normal", "created within the second of the start", "2026-11-26T07:08:10Z"),
                Event("Unhealthy", "Warning", "Readiness probe failed: no answer within 3 s", "2026-11-26T07:09:00Z"),
                Event("MasterChanged", "Normal", "ha-0-1", "2026-11-26T07:08:30Z"),
            ],
            begun);

        seen.Select(static happened => happened.Reason).Should().Equal("TopicCreated", "MasterChanged");
    }

    [Fact]
    public void Events_ManyAfterAChangeOfTheMaster_KeepIt()
    {
        IEnumerable<KubernetesObject> later = Enumerable.Range(0, 30).Select(static number => Event("BackOff", "Warning", $"{number}", $"2026-11-26T07:09:{number:00}Z"));

        IReadOnlyList<EventView> seen = EventView.Newest(later.Prepend(Event("MasterChanged", "Normal", "ha-0-1", "2026-11-26T07:08:30Z")), DateTimeOffset.UnixEpoch);

        seen.Should().HaveCount(20);
        seen[0].Reason.Should().Be("MasterChanged");
        seen[^1].Message.Should().Be("29");
    }

    private static MemberView Member(string fields, string group = "")
    {
        string named = fields.Contains("\"name\"", StringComparison.Ordinal) ? fields : $"\"name\": \"ha-0-0\", {fields}";
        KubernetesObject cluster = Parse($$"""{ "status": { "groups": [ { "name": "ha-0", {{group}} "members": [ { {{named}} } ] } ] } }""");
        JsonElement found = cluster.Status.Items("groups").Single();
        JsonElement member = found.Items("members").Single();
        return MemberView.OfBroker(found, member, Pod(member.Text("name")!));
    }

    private static ClusterView View(params JsonObject[] conditions)
    {
        JsonObject json = new()
        {
            ["metadata"] = new JsonObject { ["namespace"] = "default", ["name"] = "ha", ["generation"] = 1, ["creationTimestamp"] = "2026-11-20T00:00:00Z" },
            ["status"] = new JsonObject { ["observedGeneration"] = 1, ["conditions"] = new JsonArray([.. conditions]) },
        };
        return ClusterView.Of(Parse(json.ToJsonString()), new Dictionary<ObjectKey, KubernetesObject>(), new Dictionary<string, string>(StringComparer.Ordinal));
    }

    private static JsonObject Condition(string type, string status, string reason, string message) =>
        new() { ["type"] = type, ["status"] = status, ["reason"] = reason, ["message"] = message };

    private static KubernetesObject Pod(string name) => Parse($$"""
        {
          "metadata": { "namespace": "default", "name": "{{name}}", "creationTimestamp": "2026-11-26T07:08:10Z" },
          "status": {
            "conditions": [ { "type": "Ready", "status": "True" } ],
            "containerStatuses": [ { "name": "broker", "containerID": "process://4711", "restartCount": 2, "state": { "running": {} } } ]
          }
        }
        """);

    private static KubernetesObject Event(string reason, string type, string message, string at) => Parse($$"""
        { "involvedObject": { "name": "ha" }, "reason": "{{reason}}", "type": "{{type}}", "message": "{{message}}", "lastTimestamp": "{{at}}" }
        """);

    private static KubernetesObject Parse(string json) => new(JsonSerializer.Deserialize<JsonElement>(json));
}
