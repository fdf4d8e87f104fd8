using System.Text.Json;
using RocketOps.Cli.Demo;
using RocketOps.Cli.Terminals;
using RocketOps.Cli.Up;
using RocketOps.Kubernetes.Dynamic;

namespace RocketOps.Cli.Tests.Up;

/// <summary>What a person sees in windows of three sizes, from one small cluster to many groups in trouble.</summary>
public sealed class UpScreenTests
{
    private const string Stop = "Ctrl-C stops; the data stays in /home/me/.rocketops";
    private const string Kubeconfig = "export KUBECONFIG=/home/me/.rocketops/kubeconfig";
    private const string Trouble = "brokers.groups cannot shrink to 2: groups hold messages. Set it back to 3.";

    [Theory]
    [InlineData(40, 12)]
    [InlineData(80, 24)]
    [InlineData(200, 60)]
    public void Render_AnySize_FitsAndKeepsHeadTroubleAndEnd(int width, int height)
    {
        foreach (int groups in new[] { 1, 3, 24 })
        {
            UpState state = State(groups, "NotSupported", Trouble);

            string[] lines = Render(state, width, height);

            lines.Length.Should().BeLessThanOrEqualTo(height);
            lines.Should().OnlyContain(line => ScreenLine.WidthOf(line) <= width);
            lines[0].Should().StartWith("RocketOps on this machine");
            lines[1].Should().StartWith("default/quickstart  not supported");
            Flat(lines).Should().Contain(Flat([Trouble]), "the full message of what is not well is there");
            lines.Should().ContainMatch("*clients use 127.0.0.1:9876*");
            Flat(lines).Should().Contain(Flat([Stop])).And.Contain(Flat([Kubeconfig]));
        }
    }

    [Theory]
    [InlineData(80, 24)]
    [InlineData(200, 60)]
    public void Render_AllReady_ShowsMembersWithRoleStateAddressAndFigures(int width, int height)
    {
        string[] lines = Render(State(2, "AllReady", "Every name server and every broker serves.") with { Clusters = [Cluster(2, isReady: true, "AllReady", "")] }, width, height);

        lines[1].Should().Be("default/quickstart  ready  clients use 127.0.0.1:9876  24 in/s  3.0 out/s");
        lines.Should().Contain(line => line.Contains("MEMBER") && line.Contains("ROLE") && line.Contains("STATE") && line.Contains("ADDRESS") && line.Contains("IN/S") && line.Contains("DISK"));
        lines.Should().ContainMatch("  quickstart-0-0 *master *ready *127.10.1.10:10911 *12 *1.5 *41%");
        lines.Should().ContainMatch("  quickstart-1-1 *slave *ready *127.10.1.13:10911*");
        lines.Should().ContainMatch("  quickst*r-x *name server *ready *127.10.1.2:9876");
        lines.Should().ContainMatch("  events *ready *8 queues per group*");
        lines.Should().ContainMatch("*quickstart-0-0  PodRestarted: it restarts*");
    }

    [Theory]
    [InlineData("""{"members":1,"lag":7}""", "  orders-billing  *1 member  7 messages behind  of default/quickstart")]
    [InlineData("""{"members":2,"lag":1}""", "  orders-billing  *2 members  1 message behind  of default/quickstart")]
    [InlineData("""{"members":0}""", "  orders-billing  *0 members  of default/quickstart")]
    public void Render_ConsumerGroup_HowManyWaitForWhom(string status, string expected)
    {
        GroupView group = GroupView.Of(new KubernetesObject(JsonSerializer.Deserialize<JsonElement>($$$"""{"metadata":{"name":"orders-billing","namespace":"default"},"spec":{"clusterRef":{"name":"quickstart"}},"status":{{{status}}}}""")));

        Render(State(1, "", "") with { Groups = [group] }, 200, 60).Should().ContainMatch(expected);
    }

    [Fact]
    public void Render_SlavesCopy_InIsWhatMastersTakeAndOutIsAll()
    {
        BrokerFigures each = new(9, 1.5, 0.41);
        UpState state = State(2, "", "") with { Figures = Cluster(2, isReady: true, "", "").Members.ToDictionary(static member => member.Address, _ => each, StringComparer.Ordinal) };

        Render(state, 200, 60)[1].Should().EndWith("  18 in/s  6.0 out/s");
        Render(state with { Clusters = [.. state.Clusters.Select(static cluster => cluster with { Members = [.. cluster.Members, .. Cluster(8, isReady: true, "", "").Members.Skip(4)] })] }, 80, 24)
            .Should().ContainMatch("  quickstart-0 *2/2 *ready *127.10.1.10:10911 *9.0 *3.0 *41%", "a folded group is summed alike");
    }

    [Fact]
    public void Render_WideWindow_ShowsCopiesEpochsAndProcesses()
    {
        ClusterView cluster = Cluster(1, isReady: true, "", "");
        MemberView[] members = [cluster.Members[0] with { Epoch = 8, ProcessId = 4711, Restarts = 0 }, cluster.Members[1] with { Copy = "≤16 MiB behind", ProcessId = 4712, Restarts = 3, State = "not copying" }];

        string[] lines = Render(State(1, "", "") with { Clusters = [cluster with { Members = members }] }, 200, 50);

        lines.Should().ContainMatch("*MEMBER *ROLE *STATE *ADDRESS *IN/S *OUT/S *DISK *COPY *EPOCH *PID *RESTARTS");
        lines.Should().ContainMatch("  quickstart-0-0 *master *ready *127.10.1.10:10911 *12 *1.5 *41% *8 *4711 *0");
        lines.Should().ContainMatch("  quickstart-0-1 *slave *not copying *127.10.1.11:10911 *≤16 MiB behind *4712 *3");
    }

    [Fact]
    public void Render_WideWindow_ShowsHowOldClustersAndMembersAre()
    {
        DateTimeOffset now = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);
        ClusterView cluster = Cluster(1, isReady: true, "", "");
        MemberView[] members = [cluster.Members[0] with { CreatedAt = now.AddHours(-4.5) }, cluster.Members[1] with { CreatedAt = now.AddSeconds(-7) }];
        UpState state = State(1, "", "") with { Now = now, Clusters = [cluster with { CreatedAt = now.AddDays(-3), Members = members }] };

        string[] lines = Render(state, 200, 50);

        lines[1].Should().EndWith(" out/s  age 3d");
        lines.Should().ContainMatch("*MEMBER *DISK *AGE").And.ContainMatch("  quickstart-0-0 *master *41% *4h30m").And.ContainMatch("  quickstart-0-1 *slave *7s");
        Render(state, 80, 24).Should().NotContainMatch("*age 3d*").And.NotContainMatch("*AGE*");
    }

    /// <summary>Names would jump while members start, come back and are given addresses.</summary>
    [Theory]
    [InlineData(80)]
    [InlineData(96)]
    [InlineData(200)]
    public void Render_MembersComeAndGo_ColumnsStay(int width)
    {
        ClusterView cluster = Cluster(2, isReady: true, "", "") with { NameServerMembers = [new MemberView("", "quickstart-nameserver-7r47sd8tsg-ghgxq", MemberView.NameServerRole, true, "ready", "127.10.176.2:9876")] };
        ClusterView starting = cluster with { Members = [.. cluster.Members.Select(static member => member with { State = "starting", Address = "" })] };
        ClusterView alone = cluster with { Members = [.. cluster.Members.Select(static member => member with { State = "registering" })] };

        string[] titles = [.. new[] { cluster, starting, alone }.Select(seen => Render(State(1, "", "") with { Clusters = [seen] }, width, 60).Single(static line => line.Contains("MEMBER", StringComparison.Ordinal)))];

        titles.Distinct().Should().ContainSingle();
        titles[0].Should().Contain("IN/S  OUT/S  DISK", "all figures fit");
    }

    [Theory]
    [InlineData(0, "  0 messages")]
    [InlineData(1, "  1 message")]
    [InlineData(12345, "  12345 messages")]
    [InlineData(-1, "")]
    public void Render_Topic_ShowsWhatItHoldsOnceItIsKnown(long messages, string expected)
    {
        UpState state = State(1, "", "") with { TopicMessages = messages < 0 ? new Dictionary<string, long>() : new Dictionary<string, long> { ["default/events"] = messages, ["other/events"] = 7 } };

        Render(state, 80, 24).Should().Contain($"  events    ready  8 queues per group{expected}  of default/quickstart");
    }

    [Fact]
    public void Render_TopicThatNoBrokerHas_SaysNothingOfQueues()
    {
        UpState state = State(1, "", "") with { Topics = [new TopicView("default/events", "default/quickstart", "events", false, "Pending", "", 0, 0)] };

        Render(state, 80, 24).Should().Contain("  events    pending  of default/quickstart");
    }

    [Fact]
    public void Render_ManyEventsAfterAChangeOfTheMaster_ThatChangeStays()
    {
        EventView changed = new(DateTimeOffset.UnixEpoch, "ha", "MasterChanged", "ha-0-1 is the master of ha-0 in epoch 2.", false);
        UpState state = State(1, "", "") with { Events = [changed, .. Enumerable.Range(1, 9).Select(static number => new EventView(DateTimeOffset.UnixEpoch.AddSeconds(number), "ha-0-0", "BackOff", $"number {number}", true))] };

        string[] lines = Render(state, 200, 50);

        lines.Should().ContainMatch("*ha  MasterChanged: ha-0-1 is the master*").And.ContainMatch("*number 9").And.NotContainMatch("*number 4");
    }

    [Fact]
    public void Render_ManyGroups_FoldsThoseThatAreWell()
    {
        ClusterView cluster = Cluster(24, isReady: false, "PodsNotReady", "quickstart-7-0: running, not ready.");
        MemberView[] members = [.. cluster.Members.Select(member => member.Name == "quickstart-7-0" ? member with { IsReady = false, State = "failing" } : member)];

        string[] lines = Render(State(1, "", "") with { Clusters = [cluster with { Members = members }] }, 80, 24);

        lines.Should().ContainMatch("  quickstart-7 *1/2 *master failing *127.10.1.24:10911*");
        lines.Should().Contain("  … 23 more broker groups, all ready");
        lines.Should().Contain("default/quickstart: quickstart-7-0: running, not ready.");
    }

    [Fact]
    public void Render_SmallerThanWhatIsNotWell_SaysThatMoreIsMissing()
    {
        UpState state = State(3, "NotSupported", string.Join(' ', Enumerable.Repeat("a long reason", 60)));

        string[] lines = Render(state, 40, 10);

        lines.Should().HaveCountLessThanOrEqualTo(10).And.ContainMatch("… * more lines: a larger window*");
        Flat(lines).Should().Contain(Flat([Stop]));
    }

    [Fact]
    public void Render_NothingThere_SaysHowToBegin()
    {
        string[] lines = Render(UpState.Empty, 80, 24);

        lines.Should().Contain(line => line.Contains("kubectl apply -f FILE")).And.Contain(Stop).And.Contain(Kubeconfig);
    }

    [Fact]
    public void Render_ControlCharactersOfOthers_AreHarmless()
    {
        UpState state = State(1, "NotSupported", "red \e[31m and\nnew line") with { Problems = [new PodProblem("default/p", "\a\e[2J gone")] };

        Render(state, 80, 24).SelectMany(line => line).Should().NotContain(c => char.IsControl(c));
    }

    [Fact]
    public void Render_Demo_TakesTwoLines() =>
        Render(State(1, "", "") with { Demo = new DemoProgress("done", 1000, 480, 520, 0, 0, true) }, 100, 24)
            .Should().ContainInConsecutiveOrder("demo  done", "  1000 sent, 480 + 520 received by a group of two, 0 duplicates, 0 missing");

    [Fact]
    public void Terminal_DrawnSmallerThenClosed_ClearsAndLeavesTheLastState()
    {
        using StringWriter output = new();
        TerminalScreen screen = new(output, hasColor: false);

        screen.Draw([ScreenLine.Of("one"), ScreenLine.Of("two")], 80, 24);
        screen.Draw([ScreenLine.Of("one")], 80, 24);
        int beforeResize = output.ToString().Length;
        screen.Draw([ScreenLine.Of("one")], 40, 12);
        string resized = output.ToString()[beforeResize..];
        screen.Close([ScreenLine.Of("last")]);
        screen.Close([ScreenLine.Of("never")]);

        output.ToString().Should().StartWith("\e[?1049h").And.EndWith("\e[?1049llast\n");
        output.ToString()[..beforeResize].Should().EndWith("\e[1;1Hone\e[K\e[2;1H\e[J", "what is below is cleared");
        resized.Should().StartWith("\e[2J");
    }

    [Fact]
    public void Terminal_LineAsWideAsTheWindow_KeepsItsLastCharacter()
    {
        using StringWriter output = new();

        new TerminalScreen(output, hasColor: false).Draw([ScreenLine.Of("0123456789")], 10, 1);

        output.ToString().Should().EndWith("0123456789", "the cursor stands on the last character, which an erasure would take");
    }

    private static string[] Render(UpState state, int width, int height) =>
        [.. UpScreen.Render(state, TimeSpan.FromSeconds(3), width, height, [Stop, Kubeconfig], ["Try next:", "  kubectl get pods"]).Select(line => line.Text.TrimEnd())];

    /// <summary>Wrapped text without its blanks.</summary>
    private static string Flat(IEnumerable<string> lines) => string.Concat(lines).Replace(" ", "", StringComparison.Ordinal);

    private static UpState State(int groups, string reason, string message) =>
        new([Cluster(groups, isReady: false, reason, message)], [new TopicView("default/events", "default/quickstart", "events", true, "AllReady", "", 8, 8)], [], null)
        {
            Events = [new EventView(DateTimeOffset.UnixEpoch, "quickstart-0-0", "PodRestarted", "it restarts", false)],
            Figures = new Dictionary<string, BrokerFigures>(StringComparer.Ordinal) { ["127.10.1.10:10911"] = new(12, 1.5, 0.41), ["127.10.1.12:10911"] = new(12, 1.5, 0.41) },
        };

    private static ClusterView Cluster(int groups, bool isReady, string reason, string message)
    {
        List<MemberView> members = [];
        for (int group = 0; group < groups; group++)
        {
            members.Add(new MemberView($"quickstart-{group}", $"quickstart-{group}-0", "Master", true, "ready", $"127.10.1.{10 + (2 * group)}:10911"));
            members.Add(new MemberView($"quickstart-{group}", $"quickstart-{group}-1", "Slave", true, "ready", $"127.10.1.{11 + (2 * group)}:10911"));
        }

        return new ClusterView("default/quickstart", isReady, reason, message, 1, members)
        {
            Address = "127.0.0.1:9876",
            NameServerMembers = [new MemberView("", "quickstart-nameserver-x", MemberView.NameServerRole, true, "ready", "127.10.1.2:9876")],
        };
    }
}
