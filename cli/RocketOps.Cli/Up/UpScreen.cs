using System.Globalization;
using RocketOps.Cli.Output;
using RocketOps.Cli.Terminals;
using RocketOps.Embedded.Api.Tables;

namespace RocketOps.Cli.Up;

/// <summary>
/// The state as the lines of a terminal, never more or wider than it has room for. What does not fit is folded from the least telling on: older events, well members
/// into a line per group, well topics and groups into a count. What is not well and how to stop stay to the last.
/// </summary>
internal static class UpScreen
{
    /// <summary>Text to show when there is nothing.</summary>
    public const string HowToBegin = "There is no cluster yet: kubectl apply -f FILE, or start with one, as rocketops up deploy/samples/quickstart.yaml";

    private const int NameColumn = 2;
    private const int MinHeight = 6;

    /// <summary>Width from which on a line has room for what is nice to know.</summary>
    private const int WideWindow = 120;

    /// <summary>Levels of detail, the most detailed first.</summary>
    private static readonly ScreenDetail[] Details =
    [
        new(Events: 6, HasHints: true),
        new(Events: 3, HasHints: true),
        new(Events: 3),
        new(Events: 3, FoldsMembers: true),
        new(Events: 2, FoldsMembers: true, FoldsTopics: true),
        new(Events: 1, FoldsMembers: true, FoldsTopics: true, FoldsGroups: true),
        new(Events: 0, FoldsMembers: true, FoldsTopics: true, FoldsGroups: true),
    ];

    /// <param name="state">What to show.</param>
    /// <param name="elapsed">Since the start.</param>
    /// <param name="width">Columns of the terminal, at least 20.</param>
    /// <param name="height">Its rows, at least 6.</param>
    /// <param name="footer">The last lines, which are always there.</param>
    /// <param name="hints">What to try next; empty until there is something.</param>
    public static IReadOnlyList<ScreenLine> Render(UpState state, TimeSpan elapsed, int width, int height, IReadOnlyList<string> footer, IReadOnlyList<string> hints)
    {
        width = Math.Max(20, width);
        height = Math.Max(MinHeight, height);
        List<ScreenLine> end = [.. footer.SelectMany(line => ScreenLine.Wrap(line, width, 0, Tint.Quiet))];
        List<ScreenLine> notes = [.. Notes(state, width)];
        List<ScreenLine> body = [];
        foreach (ScreenDetail detail in Details)
        {
            body = [.. Body(state, elapsed, detail, width), .. notes, .. Events(state, detail, width), .. detail.HasHints ? hints.SelectMany(hint => ScreenLine.Wrap(hint, width, 0, Tint.Plain)) : []];
            if (body.Count + end.Count <= height)
            {
                return [.. body.Concat(end).Select(line => line.Cut(width))];
            }
        }

        // Too small for all: the head, what is not well as far as it goes, and the end.
        int room = Math.Max(1, height - end.Count);
        int noteRoom = Math.Min(notes.Count, Math.Max(0, room - 4));
        List<ScreenLine> head = body[..(body.Count - notes.Count)];
        int headRoom = Math.Min(head.Count, room - noteRoom);
        List<ScreenLine> shown = [.. head[..headRoom], .. notes[..noteRoom]];
        int gap = noteRoom < notes.Count ? shown.Count - 1 : headRoom - 1;
        shown[gap] = ScreenLine.Of($"… {body.Count - shown.Count + 1} more lines: a larger window, or kubectl get rocketops", Tint.Quiet);
        return [.. shown.Concat(end).TakeLast(height).Select(line => line.Cut(width))];
    }

    private static IEnumerable<ScreenLine> Body(UpState state, TimeSpan elapsed, ScreenDetail detail, int width)
    {
        yield return new ScreenLine().Add("RocketOps", Tint.Strong).Add($" on this machine  {elapsed.TotalSeconds:0.0} s", Tint.Quiet);
        if (state.Clusters.Count == 0 && state.Topics.Count == 0)
        {
            yield return ScreenLine.Of(HowToBegin, Tint.Plain);
        }

        foreach (ClusterView cluster in state.Clusters)
        {
            foreach (ScreenLine line in Cluster(cluster, state, detail, width))
            {
                yield return line;
            }
        }

        foreach (ScreenLine line in Topics(state, detail))
        {
            yield return line;
        }

        foreach (ScreenLine line in Groups(state.Groups, detail))
        {
            yield return line;
        }

        if (state.Demo is { } demo)
        {
            yield return new ScreenLine().Add("demo", Tint.Strong).Add($"  {demo.Step}", demo.Succeeded ? Tint.Good : Tint.Waiting);
            yield return new ScreenLine().PadTo(NameColumn).Add($"{demo.Sent} sent, {demo.ReceivedByFirst} + {demo.ReceivedBySecond} received by a group of two, {demo.Duplicates} duplicates, {demo.Missing} missing");
        }
    }

    private static IEnumerable<ScreenLine> Cluster(ClusterView cluster, UpState state, ScreenDetail detail, int width)
    {
        ScreenLine head = new ScreenLine().Add(cluster.Key, Tint.Strong).Add("  ").Add(cluster.IsReady ? "ready" : Words(cluster.Reason), cluster.IsReady ? Tint.Good : Tint.Waiting);
        if (cluster.Address.Length > 0)
        {
            string use = "  clients use ";
            if (head.Width + use.Length + cluster.Address.Length > width)
            {
                // The one thing that is copied from here is never cut.
                yield return head;
                head = new ScreenLine();
            }

            head.Add(use, Tint.Quiet).Add(cluster.Address, Tint.Strong);
        }

        if (Sum(cluster.Members, state) is { } sum)
        {
            head.Add($"  {MemberTable.Rate(sum.InPerSecond)} in/s  {MemberTable.Rate(sum.OutPerSecond)} out/s", Tint.Quiet);
        }

        if (width >= WideWindow && cluster.CreatedAt is not null)
        {
            head.Add($"  age {Age(cluster.CreatedAt, state)}", Tint.Quiet);
        }

        yield return head;
        List<MemberLine> lines = [.. Members(cluster, state, detail)];
        foreach (ScreenLine line in MemberTable.Render(lines, width))
        {
            yield return line;
        }

        int hidden = cluster.GroupCount - lines.Count(line => line.IsGroup);
        if (detail.FoldsGroups && hidden > 0)
        {
            yield return new ScreenLine().PadTo(NameColumn).Add(hidden == 1 ? "… 1 more broker group, ready" : $"… {hidden} more broker groups, all ready", Tint.Quiet);
        }
    }

    private static IEnumerable<MemberLine> Members(ClusterView cluster, UpState state, ScreenDetail detail)
    {
        if (!detail.FoldsMembers)
        {
            foreach (MemberView member in cluster.NameServerMembers.Concat(cluster.Members))
            {
                yield return new MemberLine(member.Name, Role(member), member.State, member.Address, member.IsWell, state.Figures.GetValueOrDefault(member.Address)) { Member = member, Age = Age(member.CreatedAt, state) };
            }

            yield break;
        }

        if (cluster.NameServerMembers.Count > 0)
        {
            yield return Folded("name servers", cluster.NameServerMembers, state, isGroup: false);
        }

        foreach (IGrouping<string, MemberView> group in cluster.Members.GroupBy(member => member.Group, StringComparer.Ordinal))
        {
            MemberView[] members = [.. group];
            if (!detail.FoldsGroups || !members.All(member => member.IsWell))
            {
                yield return Folded(group.Key, members, state, isGroup: true);
            }
        }
    }

    private static MemberLine Folded(string name, IReadOnlyList<MemberView> members, UpState state, bool isGroup)
    {
        MemberView first = members.FirstOrDefault(member => member.IsMaster) ?? members[0];
        string state1 = members.All(member => member.IsWell) ? "ready" : string.Join(", ", members.Where(member => !member.IsWell).Select(member => $"{Role(member)} {member.State}").Distinct());
        string role = members.Count == 1 ? Role(first) : $"{members.Count(member => member.IsWell)}/{members.Count}";
        return new MemberLine(name, role, state1, first.Address, members.All(member => member.IsWell), Sum(members, state)) { IsGroup = isGroup };
    }

    private static IEnumerable<ScreenLine> Topics(UpState state, ScreenDetail detail)
    {
        IReadOnlyList<TopicView> topics = state.Topics;
        List<TopicView> shown = [.. topics.Where(topic => !detail.FoldsTopics || !topic.IsReady)];
        if (topics.Count == 0)
        {
            yield break;
        }

        if (shown.Count == 0)
        {
            yield return new ScreenLine().Add("topics", Tint.Strong).Add($"  {topics.Count}, all ready", Tint.Quiet);
            yield break;
        }

        yield return ScreenLine.Of("topics", Tint.Strong);
        int queues = NameColumn + Math.Max(8, shown.Max(topic => ScreenLine.WidthOf(topic.TopicName))) + 2;
        foreach (TopicView topic in shown)
        {
            yield return new ScreenLine().PadTo(NameColumn).Add(topic.TopicName).PadTo(queues)
                .Add(topic.IsReady ? "ready" : Words(topic.Reason), topic.IsReady ? Tint.Good : Tint.Waiting)
                .Add(Queues(topic), Tint.Quiet)
                .Add(state.TopicMessages.TryGetValue(topic.Key, out long messages) ? $"  {CountText.Of(messages, "message")}" : string.Empty, Tint.Quiet)
                .Add($"  of {topic.Cluster}", Tint.Quiet);
        }

        if (shown.Count < topics.Count)
        {
            yield return new ScreenLine().PadTo(NameColumn).Add($"… {topics.Count - shown.Count} more, all ready", Tint.Quiet);
        }
    }

    /// <summary>Empty for a topic that no broker has yet.</summary>
    private static string Queues(TopicView topic) => (topic.ReadQueues, topic.WriteQueues) switch
    {
        (0, 0) => "",
        (var read, var write) when read == write => $"  {CountText.Of(read, "queue")} per group",
        (var read, var write) => $"  {read} queues to read, {write} to write per group",
    };

    private static IEnumerable<ScreenLine> Groups(IReadOnlyList<GroupView> groups, ScreenDetail detail)
    {
        List<GroupView> shown = [.. groups.Where(group => !detail.FoldsTopics || !group.IsReady)];
        if (groups.Count == 0)
        {
            yield break;
        }

        ScreenLine title = new ScreenLine().Add("consumer groups", Tint.Strong);
        yield return shown.Count == 0 ? title.Add($"  {groups.Count}, all ready", Tint.Quiet) : title;
        int states = NameColumn + shown.Select(group => ScreenLine.WidthOf(group.GroupName)).Append(8).Max() + 2;
        foreach (GroupView group in shown)
        {
            yield return new ScreenLine().PadTo(NameColumn).Add(group.GroupName).PadTo(states)
                .Add(group.IsReady ? "ready" : Words(group.Reason), group.IsReady ? Tint.Good : Tint.Waiting)
                .Add($"  {CountText.Of(group.Members, "member")}", Tint.Quiet)
                .Add(group.Lag is { } lag ? $"  {CountText.Of(lag, "message")} behind" : string.Empty, Tint.Quiet)
                .Add($"  of {group.Cluster}", Tint.Quiet);
        }

        if (shown.Count > 0 && shown.Count < groups.Count)
        {
            yield return new ScreenLine().PadTo(NameColumn).Add($"… {groups.Count - shown.Count} more, all ready", Tint.Quiet);
        }
    }

    /// <summary>All that is not well in full, and what else is to be known of a cluster.</summary>
    private static IEnumerable<ScreenLine> Notes(UpState state, int width)
    {
        List<(string Text, Tint Tint)> notes = [];
        if (state.OperatorEnd is { } end)
        {
            notes.Add((end, Tint.Bad));
        }

        if (state.LackOfRoom is { } lack)
        {
            notes.Add((lack, Tint.Bad));
        }

        if (state.DemoFailure is { } failure)
        {
            notes.Add(($"demo FAILED: {failure}", Tint.Bad));
        }

        notes.AddRange(state.Clusters.Where(cluster => !cluster.IsReady && cluster.Message.Length > 0).Select(cluster => ($"{cluster.Key}: {cluster.Message}", Tint.Waiting)));
        notes.AddRange(state.Topics.Where(topic => !topic.IsReady && topic.Message.Length > 0).Select(topic => ($"topic {topic.Key}: {topic.Message}", Tint.Waiting)));
        notes.AddRange(state.Groups.Where(group => !group.IsReady && group.Message.Length > 0).Select(group => ($"consumer group {group.Key}: {group.Message}", Tint.Waiting)));
        notes.AddRange(state.Problems.Select(problem => ($"pod {problem.Key}: {problem.Text}", Tint.Bad)));
        notes.AddRange(state.Clusters.SelectMany(cluster => cluster.Remarks.Select(remark => ($"{cluster.Key}: {remark}", Tint.Quiet))));
        return notes.SelectMany(note => ScreenLine.Wrap(note.Text, width, 2, note.Tint));
    }

    private static IEnumerable<ScreenLine> Events(UpState state, ScreenDetail detail, int width)
    {
        if (detail.Events == 0 || state.Events.Count == 0)
        {
            yield break;
        }

        yield return ScreenLine.Of("last", Tint.Strong);
        foreach (EventView seen in EventView.Last(state.Events, detail.Events))
        {
            string at = seen.At.ToLocalTime().ToString("HH:mm:ss", CultureInfo.InvariantCulture);
            yield return new ScreenLine().PadTo(NameColumn).Add(at, Tint.Quiet).Add("  ").Add(seen.Subject).Add($"  {seen.Reason}: {seen.Message}", seen.IsWarning ? Tint.Waiting : Tint.Quiet).Cut(width);
        }
    }

    private static string Age(DateTimeOffset? from, UpState state) => from is { } at ? HumanDuration.Since(at, state.Now) : "";

    private static string Role(MemberView member) => member.Role == MemberView.NameServerRole ? member.Role : member.Role.ToLowerInvariant();

    /// <summary>
    /// Sums what masters take, for slaves copy the same messages once more, and what all hand out, for consumers read from either.
    /// </summary>
    private static BrokerFigures? Sum(IReadOnlyList<MemberView> members, UpState state)
    {
        List<(bool IsMaster, BrokerFigures Figures)> asked = [.. from member in members where state.Figures.ContainsKey(member.Address) select (member.IsMaster, state.Figures[member.Address])];
        return asked.Count == 0
            ? null
            : new BrokerFigures(asked.Where(one => one.IsMaster).Sum(one => one.Figures.InPerSecond), asked.Sum(one => one.Figures.OutPerSecond), asked.Max(one => one.Figures.DiskUsed));
    }

    /// <summary>A reason such as PodsStarting as words: pods starting.</summary>
    private static string Words(string reason) =>
        string.Concat(reason.Select((c, i) => char.IsUpper(c) ? (i == 0 ? "" : " ") + char.ToLowerInvariant(c) : c.ToString()));
}

/// <summary>Amount of the state that a screen shows.</summary>
/// <param name="Events">How many of the newest events.</param>
/// <param name="HasHints">Whether there is room for what to try next.</param>
/// <param name="FoldsMembers">A group of brokers takes one line.</param>
/// <param name="FoldsTopics">Topics and consumer groups that are ready are counted.</param>
/// <param name="FoldsGroups">Broker groups that are ready are counted.</param>
internal sealed record ScreenDetail(int Events, bool HasHints = false, bool FoldsMembers = false, bool FoldsTopics = false, bool FoldsGroups = false);
