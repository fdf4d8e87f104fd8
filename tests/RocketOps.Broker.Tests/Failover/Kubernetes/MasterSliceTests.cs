using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Broker.Failover.Kubernetes;
using RocketOps.Election.Leases;
using RocketOps.Embedded;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Failover.Kubernetes;

public sealed class MasterSliceTests : IAsyncLifetime
{
    private const string Empty =
        """{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"orders-0-master","labels":{"kubernetes.io/service-name":"orders-0-master"}},"addressType":"IPv4","endpoints":[],"ports":[{"name":"remoting","port":10911,"protocol":"TCP"}]}""";

    private readonly FakeTimeProvider _time = new();
    private readonly Dictionary<string, KubernetesLeaseStore> _leases = new(StringComparer.Ordinal);
    private ApiFixture _api = null!;

    private static CancellationToken Cancellation => CancellationToken.None;

    public async Task InitializeAsync()
    {
        _api = await ApiFixture.StartAsync();
        await MakeAsync();
    }

    public async Task DisposeAsync() => await _api.DisposeAsync();

    [Fact]
    public async Task Leading_TheSlice_LeadsToThisMember()
    {
        await using MasterSlice slice = Of("orders-0-1", "10.0.0.7");
        await TakeAsync("orders-0-1", 4);

        await slice.OnLeadingAsync(4, Cancellation);

        JsonObject there = await _api.SendAsync("GET", ApiFixture.Slice);
        Addresses(there).Should().Be("10.0.0.7");
        ((string)there["metadata"]!["annotations"]!["rocketops.io/epoch"]!).Should().Be("4");
        ((string)there["metadata"]!["annotations"]!["rocketops.io/group-id"]!).Should().Be("g");
        ((string)there["metadata"]!["labels"]!["kubernetes.io/service-name"]!).Should().Be("orders-0-master", "what is the operator's stays");
        ((int)there["ports"]![0]!["port"]!).Should().Be(10911);
        ((string)there["endpoints"]![0]!["targetRef"]!["name"]!).Should().Be("orders-0-1");
    }

    [Fact]
    public async Task Leading_ALaterMasterHasWrittenIt_LeavesItAlone()
    {
        await using MasterSlice earlier = Of("orders-0-0", "10.0.0.6");
        await TakeAsync("orders-0-0", 4);
        await using MasterSlice later = Of("orders-0-1", "10.0.0.7");
        await TakeAsync("orders-0-1", 5);
        await later.OnLeadingAsync(5, Cancellation);

        await earlier.OnLeadingAsync(4, Cancellation);

        Addresses(await _api.SendAsync("GET", ApiFixture.Slice)).Should().Be("10.0.0.7");
    }

    [Fact]
    public async Task Leading_ALaterMasterWritesItMeanwhile_LeavesItAlone()
    {
        await using MasterSlice later = Of("orders-0-1", "10.0.0.7");
        await using MasterSlice earlier = Of("orders-0-0", "10.0.0.6");
        await TakeAsync("orders-0-0", 4);
        TaskCompletionSource reading = new(TaskCreationOptions.RunContinuationsAsynchronously);
        bool isFirst = true;
        _api.Server.FaultHook = call =>
        {
            // The earlier master has read the slice and stands still before it writes.
            if (call is not { Verb: "update", Resource: "endpointslices" } || !isFirst)
            {
                return null;
            }

            isFirst = false;
            reading.SetResult();
            return new ApiFault { Delay = TimeSpan.FromSeconds(1) };
        };

        Task late = earlier.OnLeadingAsync(4, Cancellation);
        await reading.Task.WaitAsync(TimeSpan.FromMinutes(2));
        await TakeAsync("orders-0-1", 5);
        await later.OnLeadingAsync(5, Cancellation);
        await late;

        Addresses(await _api.SendAsync("GET", ApiFixture.Slice)).Should().Be("10.0.0.7");
    }

    /// <summary>Claims and Lease are lost, the cluster's objects are not: the group that is founded anew begins at 1.</summary>
    [Theory]
    [InlineData("\"rocketops.io/group-id\":\"another\"")]
    [InlineData("\"by\":\"an older version, which names no group\"")]
    public async Task Leading_ASliceOfAGroupThatIsNoMore_LeadsToThisMember(string annotation)
    {
        await _api.MergeAsync(ApiFixture.Slice, $$"""{"metadata":{"annotations":{"rocketops.io/epoch":"57",{{annotation}} } },"endpoints":[{"addresses":["10.9.9.9"]}]}""");
        await using MasterSlice slice = Of("orders-0-1", "10.0.0.7");
        await TakeAsync("orders-0-1", 1);

        await slice.OnLeadingAsync(1, Cancellation);

        JsonObject there = await _api.SendAsync("GET", ApiFixture.Slice);
        Addresses(there).Should().Be("10.0.0.7");
        ((string)there["metadata"]!["annotations"]!["rocketops.io/epoch"]!).Should().Be("1");
        ((string)there["metadata"]!["annotations"]!["rocketops.io/group-id"]!).Should().Be("g");
    }

    /// <summary>The later master may be one of an older version.</summary>
    [Theory]
    [InlineData("5", "\"rocketops.io/group-id\":\"another\"")]
    [InlineData("5", "\"by\":\"an older version, which names no group\"")]
    [InlineData("1", "\"rocketops.io/group-id\":\"another\"")]
    public async Task Leading_ASliceOfTheLeasesHolder_IsLeftAloneByWhoLedBefore(string written, string annotation)
    {
        await using MasterSlice earlier = Of("orders-0-0", "10.0.0.6");
        await TakeAsync("orders-0-0", 4);
        await _api.SendAsync("DELETE", ApiFixture.Lease);
        await TakeAsync("orders-0-1", int.Parse(written, System.Globalization.CultureInfo.InvariantCulture), "another");
        await _api.MergeAsync(ApiFixture.Slice, $$"""{"metadata":{"annotations":{"rocketops.io/epoch":"{{written}}",{{annotation}} } },"endpoints":[{"addresses":["10.0.0.7"]}]}""");

        await earlier.OnLeadingAsync(4, Cancellation);

        Addresses(await _api.SendAsync("GET", ApiFixture.Slice)).Should().Be("10.0.0.7");
    }

    /// <summary>By what this member knows it leads on; the Lease has been taken by the master of another group, and so is the slice while it looks.</summary>
    [Fact]
    public async Task Leading_AnotherGroupsMasterTakesLeaseAndSliceLater_StaysTheirs()
    {
        await using MasterSlice earlier = Of("orders-0-0", "10.0.0.6");
        await TakeAsync("orders-0-0", 57);
        await earlier.OnLeadingAsync(57, Cancellation);
        await _api.SendAsync("DELETE", ApiFixture.Lease);
        await using MasterSlice later = Of("orders-0-1", "10.0.0.7");
        await TakeAsync("orders-0-1", 1, "another");
        await later.OnLeadingAsync(1, Cancellation);
        int looks = 0;
        _api.Server.FaultHook = call =>
        {
            looks += call is { Verb: "get", Resource: "leases" } ? 1 : 0;
            return null;
        };

        await Eventually.TrueAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromSeconds(10));
                return Volatile.Read(ref looks) > 0;
            },
            "the earlier one has looked");
        await earlier.DisposeAsync();

        Addresses(await _api.SendAsync("GET", ApiFixture.Slice)).Should().Be("10.0.0.7");
    }

    [Fact]
    public async Task Leading_NoLeaseSaysWhoLeads_IsToldAndTriedAgain()
    {
        await using MasterSlice slice = Of("orders-0-1", "10.0.0.7");

        (await slice.Awaiting(static announcing => announcing.OnLeadingAsync(4, Cancellation)).Should().ThrowAsync<KubernetesApiException>()).Which.Message.Should().Contain("Lease is not there");

        await TakeAsync("orders-0-1", 4);
        await slice.OnLeadingAsync(4, Cancellation);
        Addresses(await _api.SendAsync("GET", ApiFixture.Slice)).Should().Be("10.0.0.7");
    }

    [Fact]
    public async Task Leading_SomebodyEditsTheSlice_IsPutRight()
    {
        await using MasterSlice slice = Of("orders-0-1", "10.0.0.7");
        await TakeAsync("orders-0-1", 4);
        await slice.OnLeadingAsync(4, Cancellation);
        await _api.MergeAsync(ApiFixture.Slice, """{"metadata":{"annotations":{"rocketops.io/epoch":"none"}},"endpoints":[{"addresses":["10.9.9.9"]}]}""");

        await Eventually.TrueAsync(
            async () =>
            {
                _time.Advance(TimeSpan.FromSeconds(10));
                return Addresses(await _api.SendAsync("GET", ApiFixture.Slice)) == "10.0.0.7";
            },
            "the slice leads to the master again");
    }

    [Fact]
    public async Task Leading_TheSliceIsGone_IsToldAndWrittenWhenItIsThereAgain()
    {
        await using MasterSlice slice = Of("orders-0-1", "10.0.0.7");
        await TakeAsync("orders-0-1", 4);
        await _api.SendAsync("DELETE", ApiFixture.Slice);
        (await slice.Awaiting(static announcing => announcing.OnLeadingAsync(4, Cancellation)).Should().ThrowAsync<KubernetesApiException>()).Which.Message.Should().Contain("the operator makes it");
        await MakeAsync();

        await slice.OnLeadingAsync(4, Cancellation);

        Addresses(await _api.SendAsync("GET", ApiFixture.Slice)).Should().Be("10.0.0.7");
    }

    /// <summary>The epoch stays the gone master's: whoever leads next has a later one, and the gone one, when it was only out of reach, finds its own.</summary>
    [Fact]
    public async Task StandingIn_TheSlice_LeadsToThisMemberUntilTheMasterLooks()
    {
        await using MasterSlice master = Of("orders-0-0", "10.0.0.6");
        await TakeAsync("orders-0-0", 4);
        await master.OnLeadingAsync(4, Cancellation);
        await using MasterSlice follower = Of("orders-0-1", "10.0.0.7");
        await LeasesOf("orders-0-1").ReadAsync(Cancellation);

        await follower.OnStandingInAsync(4, Cancellation);

        JsonObject there = await _api.SendAsync("GET", ApiFixture.Slice);
        Addresses(there).Should().Be("10.0.0.7");
        ((string)there["metadata"]!["annotations"]!["rocketops.io/epoch"]!).Should().Be("4");
        await Eventually.TrueAsync(
            async () =>
            {
                _time.Advance(TimeSpan.FromSeconds(10));
                return Addresses(await _api.SendAsync("GET", ApiFixture.Slice)) == "10.0.0.6";
            },
            "the slice leads to the master again");
    }

    /// <summary>By what this member knows the former one is gone, and nobody leads.</summary>
    [Theory]
    [InlineData(5, "g")]
    [InlineData(4, "another")]
    public async Task StandingIn_SomebodyLeadsMeanwhile_LeavesItAlone(long epoch, string group)
    {
        await using MasterSlice follower = Of("orders-0-1", "10.0.0.7");
        await TakeAsync("orders-0-0", 4);
        await LeasesOf("orders-0-1").ReadAsync(Cancellation);
        await using MasterSlice next = Of("orders-0-2", "10.0.0.8");
        await _api.SendAsync("DELETE", ApiFixture.Lease);
        await TakeAsync("orders-0-2", epoch, group);
        await next.OnLeadingAsync(epoch, Cancellation);

        await follower.OnStandingInAsync(4, Cancellation);

        Addresses(await _api.SendAsync("GET", ApiFixture.Slice)).Should().Be("10.0.0.8");
    }

    [Fact]
    public async Task Stopped_WhatSomebodyWritesAfterwards_Stays()
    {
        await using MasterSlice slice = Of("orders-0-1", "10.0.0.7");
        await TakeAsync("orders-0-1", 4);
        await slice.OnLeadingAsync(4, Cancellation);

        await slice.OnStoppedAsync(4, Cancellation);
        await _api.MergeAsync(ApiFixture.Slice, """{"endpoints":[{"addresses":["10.9.9.9"]}]}""");
        _time.Advance(TimeSpan.FromMinutes(10));

        Addresses(await _api.SendAsync("GET", ApiFixture.Slice)).Should().Be("10.9.9.9", "a member that does not lead writes nothing");
    }

    private static string Addresses(JsonObject slice) => string.Join(",", slice["endpoints"]!.AsArray().Select(static endpoint => string.Join(",", endpoint!["addresses"]!.AsArray())));

    private Task<JsonObject> MakeAsync() => _api.SendAsync("POST", "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", Empty);

    private MasterSlice Of(string member, string address) => new(_api.Api, LeasesOf(member), "default", "orders-0-master", member, address, _time, NullLogger.Instance);

    /// <summary>Each member has seen what it has seen.</summary>
    private KubernetesLeaseStore LeasesOf(string member) => _leases.TryGetValue(member, out KubernetesLeaseStore? leases) ? leases : _leases[member] = new KubernetesLeaseStore(_api.Api, "default", "orders-0", _time);

    private async Task TakeAsync(string member, long epoch, string group = "g")
    {
        KubernetesLeaseStore leases = LeasesOf(member);
        VersionedLease? before = await leases.ReadAsync(Cancellation);
        LeaseRecord taken = new() { GroupId = group, Holder = member, Epoch = epoch, RenewTime = _time.GetUtcNow(), Duration = TimeSpan.FromSeconds(6), InSync = [new MemberCopy(member, "1")] };
        (await leases.TryWriteAsync(taken, before?.Version, Cancellation)).Should().NotBeNull();
    }
}
