using RocketOps.Broker.Failover;
using RocketOps.Broker.Replication;
using RocketOps.Broker.Tests.Support;
using RocketOps.Election.Leases;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Failover;

/// <summary>Who comes to the clients' port and says to be a member of the group is answered when it has that member's key.</summary>
public sealed class MemberKeysTests
{
    private static readonly string[] Two = ["a", "b"];

    /// <summary>All else that a member says of itself is in the lease and in the configuration: name, copy, group and epoch.</summary>
    [Fact]
    public async Task Join_InAMembersNameWithoutItsKey_GetsNoTicketAndTheMemberKeepsItsOwn()
    {
        await using ElectedMembers members = await WithKeysAsync();
        TestBroker master = await members.MasterAsync();
        string other = OtherThan(members.NameOf(master));
        LeaseRecord lease = await members.LeaseAsync();
        GroupName group = FakeFollower.GroupOf(master);
        JoinRequest join = new(lease.GroupId, lease.InSync.Single(copy => copy.Member == other), lease.Epoch);
        string?[] keys = [null, string.Empty, "x", new string('0', 64), FakeFollower.KeyOf(members, members.NameOf(master)), lease.KeyDigests[other]];

        foreach (string? key in keys)
        {
            MemberSender sender = new(other, key);
            foreach (RemotingCommand request in (RemotingCommand[])[GroupRequests.Join(group, join, key), GroupRequests.Leave(group, join, 1, key), GroupRequests.Ask(group, members.NameOf(master), sender), GroupRequests.AskConsumers(group, string.Empty, sender)])
            {
                RemotingCommand answer = await master.InvokeAsync(request);
                answer.Code.Should().Be(ResponseCode.NoPermission, $"{request.Code} with {key}");
                answer.Remark.Should().Contain("has not the key").And.Contain(MemberKey.FileName);
                (answer.Get("ticket"), answer.Body.Length).Should().Be((null, 0));
            }
        }

        // With another ticket given to its name, what the member acknowledges would count no more, and it is waited for.
        (await members.SendAsync("acknowledged by the member itself")).Should().BeSameAs(master);
        (await members.LeaseAsync()).InSync.Should().HaveCount(2);
        members.LogOf(members.NameOf(master)).Lines.Where(static line => line.Id == 3682).Should().ContainSingle("one for a peer and a reason").Which.Text.Should().Contain("127.0.0.1").And.Contain(other);
        members.LogOf(other).Lines.Should().NotContain(static line => line.Id == 3681, "it was not refused anything itself");
    }

    [Fact]
    public async Task Request_OfWhoDoesNotSayWhoItIs_IsRefusedWhenAllHaveKeys()
    {
        await using ElectedMembers members = await WithKeysAsync();
        TestBroker master = await members.MasterAsync();
        string other = OtherThan(members.NameOf(master));
        RemotingCommand ask = GroupRequests.Ask(FakeFollower.GroupOf(master), members.NameOf(master), new MemberSender(other, null));
        ask.ExtFields!.Remove("asker");

        RemotingCommand refused = await master.InvokeAsync(ask);
        await members.StopAsync(other);
        await members.EditAsync(lease => lease with { KeyDigests = lease.KeyDigests.Where(key => key.Key != other).ToDictionary(StringComparer.Ordinal) });

        refused.Code.Should().Be(ResponseCode.NoPermission);
        refused.Remark.Should().Contain("does not say which member");
        await Eventually.TrueAsync(async () => (await master.InvokeAsync(ask)).Code == ResponseCode.Success, "it may be the one that has no key yet");
    }

    /// <summary>Of a version without keys, while the members are replaced by those of a later one.</summary>
    [Fact]
    public async Task Join_OfAMemberThatTheLeaseHasNoKeyOf_IsLetIn()
    {
        await using ElectedMembers members = await WithKeysAsync();
        TestBroker master = members["a"];
        await members.StopAsync("b");
        await using FakeFollower without = new(master, "b", FakeFollower.GroupOf(master), key: null);
        (await without.JoinAsync(await members.LeaseAsync())).Code.Should().Be(ResponseCode.NoPermission, "the lease has its key");

        await members.EditAsync(static lease => lease with { KeyDigests = lease.KeyDigests.Where(static key => key.Key != "b").ToDictionary(StringComparer.Ordinal) });

        await Eventually.TrueAsync(async () => (await without.JoinAsync(await members.LeaseAsync())).Code == ResponseCode.Success, "it is let in");
        await using FakeFollower stranger = new(master, "x", FakeFollower.GroupOf(master), key: null);
        (await stranger.JoinAsync(await members.LeaseAsync())).Remark.Should().Contain("'x' is no other member of this group");
    }

    [Fact]
    public async Task Start_WithoutItsKey_IsLetInWhenTheLeaseHasItsNewOne()
    {
        await using ElectedMembers members = await WithKeysAsync();
        TestBroker master = await members.MasterAsync();
        string other = OtherThan(members.NameOf(master));
        string lost = FakeFollower.KeyOf(members, other)!;
        string before = (await members.LeaseAsync()).KeyDigests[other];
        await members.KillAsync(other);
        File.Delete(Path.Combine(members.StoreOf(other), MemberKey.FileName));

        await members.StartAsync(other);

        await members.SendAsync("it follows, or nothing is acknowledged");
        LeaseRecord lease = await members.LeaseAsync();
        lease.KeyDigests[other].Should().NotBe(before);
        MemberKey.IsOf(FakeFollower.KeyOf(members, other), lease.KeyDigests[other]).Should().BeTrue();
        members.LogOf(other).Lines.Should().Contain(static line => line.Id == 3683).And.Contain(static line => line.Id == 3680 && line.Text.Contains("in place of another key's", StringComparison.Ordinal));
        await RenewedAsync(members, lease);
        await using FakeFollower thief = new(master, other, FakeFollower.GroupOf(master), lost);
        (await thief.JoinAsync(lease)).Code.Should().Be(ResponseCode.NoPermission, "that key counts no more");
        await members.SendAsync("the member follows still");
    }

    [Fact]
    public async Task Keys_OfAllMembers_StayInTheLeaseThroughRenewalHandOverAndFounding()
    {
        await using ElectedMembers members = await WithKeysAsync();
        IReadOnlyDictionary<string, string> keys = (await members.LeaseAsync()).KeyDigests;
        Two.Should().AllSatisfy(name => MemberKey.IsOf(FakeFollower.KeyOf(members, name), keys[name]).Should().BeTrue());

        await RenewedAsync(members, await members.LeaseAsync());
        (await members.LeaseAsync()).KeyDigests.Should().BeEquivalentTo(keys);

        string target = OtherThan(members.NameOf(await members.MasterAsync()));
        await members.EditAsync(lease => lease with { HandOverTo = target });
        await Eventually.TrueAsync(() => ElectedMembers.MemberOf(members[target]).Standing.TakesMessages, "the other one leads");
        (await members.LeaseAsync()).KeyDigests.Should().BeEquivalentTo(keys);

        long epoch = (await members.LeaseAsync()).Epoch;
        LeaseRecord? founded = null;
        await Eventually.TrueAsync(
            async () =>
            {
                founded = await members.TryReadLeaseAsync();
                if (founded is not null && founded.Epoch <= epoch)
                {
                    // More than once: a renewal on its way writes it again.
                    File.Delete(members.LeaseFile);
                }

                return founded?.Epoch > epoch;
            },
            "it is founded anew");
        founded!.KeyDigests.Should().BeEquivalentTo(keys);
    }

    private static string OtherThan(string name) => Two.Single(other => other != name);

    /// <summary>Both are in sync and have their keys' digests in the lease; nothing is acknowledged by one alone.</summary>
    private static async Task<ElectedMembers> WithKeysAsync()
    {
        ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "2"));
        await members.SendAsync("one");
        await members.InSyncAsync(Two);
        LeaseRecord? both = null;
        await Eventually.TrueAsync(async () => Two.All((both = await members.LeaseAsync()).KeyDigests.ContainsKey), "the lease has both keys");
        await RenewedAsync(members, both!);
        return members;
    }

    /// <summary>The master has written the lease since, so it knows what was there.</summary>
    private static Task RenewedAsync(ElectedMembers members, LeaseRecord seen) => Eventually.TrueAsync(async () => (await members.LeaseAsync()).RenewTime > seen.RenewTime, "the master renews");
}
