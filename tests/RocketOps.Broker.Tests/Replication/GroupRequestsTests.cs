using System.Text;
using RocketOps.Broker.Failover;
using RocketOps.Broker.Replication;
using RocketOps.Broker.Replication.Frames;
using RocketOps.Election.Epochs;
using RocketOps.Election.Leases;
using RocketOps.Election.Members;
using RocketOps.Protocol.Commands;

namespace RocketOps.Broker.Tests.Replication;

public sealed class GroupRequestsTests
{
    private static readonly MemberCopy Copy = new("b", "0123");

    [Fact]
    public void Codes_AndIntroduction_AreFrozen()
    {
        GroupRequests.AskMember.Should().Be(71_001);
        GroupRequests.JoinMaster.Should().Be(71_002);
        GroupRequests.LeaveMaster.Should().Be(71_003);
        GroupRequests.GetGroupConsumers.Should().Be(71_006);
        RequestCode.HandOverMaster.Should().Be(71_005);
        FollowerHello.Write(0x0102030405060708).Should().Equal(0xFF, (byte)'R', (byte)'O', (byte)'G', (byte)'R', (byte)'P', (byte)'0', (byte)'1', 1, 2, 3, 4, 5, 6, 7, 8);
        HaFrames.ReadReport(FollowerHello.Write(1)).Should().BeNegative("no slave of RocketMQ's reports that");
        FollowerHello.Read(new byte[16]).Should().BeNull();
    }

    [Fact]
    public void Read_WhatWasWritten_IsTheSame()
    {
        MemberAnswer said = new("g", Copy, new LogEnd(3, 400), 7, true) { Members = ["a", "b"], Seen = 6, Confirmed = new LogEnd(3, 390), Lease = new LeaseSight("file:/lease", true, 6) };
        JoinRequest join = new("g", Copy, 4) { Confirmed = new LogEnd(3, 390) };
        JoinRequest ofBefore = join with { Confirmed = null };
        EpochHistory epochs = EpochHistory.Of(new EpochEntry(1, 0), new EpochEntry(4, 300));
        JoinAnswer joined = new("g", 4, new LogExtent(epochs, 0, 400), 10912, 99);
        RemotingCommand request = RemotingCommand.CreateRequest(GroupRequests.JoinMaster);

        GroupRequests.ReadAnswer(GroupRequests.Answer(request, said)).Should().BeEquivalentTo(said, static options => options.ComparingRecordsByMembers());
        GroupRequests.ReadJoin(GroupRequests.Join(new GroupName("c", "broker-a"), join, "0f")).Should().Be(join);
        GroupRequests.ReadJoin(GroupRequests.Join(new GroupName("c", "broker-a"), ofBefore, "0f")).Should().Be(ofBefore);
        GroupRequests.ReadAnswer(GroupRequests.Answer(request, said with { Confirmed = null })).Confirmed.Should().BeNull("a version of before does not say it");
        GroupRequests.ReadAnswer(GroupRequests.Answer(request, said with { Lease = null })).Lease.Should().BeNull("a version of before does not say it");
        GroupRequests.ReadJoinAnswer(GroupRequests.Answer(request, joined)).Should().BeEquivalentTo(joined);
    }

    [Fact]
    public void ReadSender_OfEachOfTheFour_IsWhoSentItWithItsKey()
    {
        GroupName group = new("c", "broker-a");
        MemberSender sender = new("b", "0f");
        JoinRequest join = new("g", Copy, 4);
        RemotingCommand[] requests =
        [
            GroupRequests.Ask(group, "a", sender), GroupRequests.Join(group, join, "0f"), GroupRequests.Leave(group, join, 99, "0f"), GroupRequests.AskConsumers(group, "3/1", sender),
        ];

        requests.Select(static request => request.Code).Should().Equal(71_001, 71_002, 71_003, 71_006);
        requests.Select(GroupRequests.ReadSender).Should().AllSatisfy(static read => (read!.Member, read.Key).Should().Be(("b", "0f")));
        requests[0].Get("member").Should().Be("a", "who is asked");
        requests[3].Get("version").Should().Be("3/1");
        GroupRequests.ReadSender(RemotingCommand.CreateRequest(GroupRequests.AskMember).Set("member", "a")).Should().BeNull("a version of before does not say");
        GroupRequests.ReadSender(RemotingCommand.CreateRequest(GroupRequests.JoinMaster).Set("member", "b"))!.Key.Should().BeNull();
        sender.ToString().Should().NotContain("0f", "a key is in no log");
    }

    [Fact]
    public void Read_AnyFields_AreAnAnswerOrRefused()
    {
        string[] values = ["", "-1", "0", "1", "65536", "9223372036854775807", "9223372036854775808", "x", "true", new string('a', 256), "NaN", " 1"];
        string[] fields = ["groupId", "member", "incarnation", "endEpoch", "endOffset", "promised", "leads", "epoch", "min", "end", "haPort", "ticket", "members", "seen", "asker", "key"];
        Random random = new(20261121);
        int read = 0;
        for (int i = 0; i < 20_000; i++)
        {
            RemotingCommand command = RemotingCommand.CreateRequest(0);
            foreach (string field in fields)
            {
                if (random.Next(10) > 0)
                {
                    command.Set(field, random.Next(3) > 0 ? "1" : values[random.Next(values.Length)]);
                }
            }

            byte[] body = Encoding.ASCII.GetBytes("1\n0\n1-0\n");
            body[random.Next(body.Length)] = (byte)random.Next(256);
            command.Body = random.Next(2) == 0 ? Encoding.ASCII.GetBytes("1\n0\n1-0\n") : body;
            read += Try(() => GroupRequests.ReadAnswer(command)) + Try(() => GroupRequests.ReadJoin(command)) + Try(() => GroupRequests.ReadJoinAnswer(command)) + Try(() => GroupRequests.ReadSender(command));
        }

        read.Should().BePositive("some are well-formed");
    }

    private static int Try(Action read)
    {
        try
        {
            read();
            return 1;
        }
        catch (InvalidDataException refused)
        {
            refused.Message.Should().NotBeEmpty();
            return 0;
        }
    }
}
