using RocketOps.Cli.Output;
using RocketOps.Cli.Terminals;

namespace RocketOps.Cli.Up;

/// <summary>The state as plain lines, one per change, for files and pipes.</summary>
internal sealed class UpLines(TextWriter output)
{
    private readonly Dictionary<string, string> _told = new(StringComparer.Ordinal);

    /// <summary>Writes the lines that are to be known before anything is ready.</summary>
    public async Task BeginAsync(IEnumerable<string> lines, TimeSpan elapsed)
    {
        foreach (string line in lines)
        {
            await output.WriteLineAsync($"{elapsed.TotalSeconds,6:0.0} s  {line}");
        }
    }

    /// <summary>Tells that the disk of the data has hardly any room, and, with null, that it has some again.</summary>
    public async Task TellOfDiskAsync(string? lack, TimeSpan elapsed)
    {
        if (lack is not null || _told.ContainsKey("disk"))
        {
            await TellAsync("disk", lack ?? "has room again", elapsed);
        }
    }

    public async Task WriteAsync(UpState state, TimeSpan elapsed)
    {
        if (state.Clusters.Count == 0 && state.Topics.Count == 0)
        {
            await TellAsync("nothing runs", UpScreen.HowToBegin, elapsed);
        }

        foreach (ClusterView cluster in state.Clusters)
        {
            int ready = cluster.Members.Count(member => member.IsReady);
            await TellAsync(
                $"cluster {cluster.Key}",
                $"{(cluster.IsReady ? "ready" : Because(cluster.Reason, cluster.Message))}, name servers {cluster.ReadyNameServers}, brokers {ready}/{cluster.Members.Count}{(cluster.Address.Length > 0 ? $", clients use {cluster.Address}" : "")}",
                elapsed);
            foreach (MemberView member in cluster.NameServerMembers.Concat(cluster.Members))
            {
                await TellAsync($"{member.Role.ToLowerInvariant()} {member.Name}", member.Address.Length > 0 ? $"{member.State}, {member.Address}" : member.State, elapsed);
            }

            foreach (string remark in cluster.Remarks)
            {
                await TellAsync($"cluster {cluster.Key} {remark}", remark, elapsed, $"cluster {cluster.Key}");
            }
        }

        foreach (TopicView topic in state.Topics)
        {
            await TellAsync($"topic {topic.Key}", topic.IsReady ? $"ready, {CountText.Of(topic.ReadQueues, "queue")} per group" : Because(topic.Reason, topic.Message), elapsed);
        }

        foreach (GroupView group in state.Groups)
        {
            await TellAsync($"consumer group {group.Key}", group.IsReady ? "ready" : Because(group.Reason, group.Message), elapsed);
        }

        foreach (PodProblem problem in state.Problems)
        {
            await TellAsync($"pod {problem.Key}", problem.Text, elapsed);
        }

        await TellOfDiskAsync(state.LackOfRoom, elapsed);

        if (state.OperatorEnd is { } end)
        {
            await TellAsync("operator", end, elapsed);
        }

        if (state.Demo is { } demo)
        {
            await TellAsync("demo", demo.Step, elapsed);
        }
    }

    /// <summary>Members have lines of their own: a sentence that lists them as they start would be told anew at each step.</summary>
    private static string Because(string reason, string message) => message.Length > 0 && reason != "PodsStarting" ? $"not ready ({reason}: {message.TrimEnd('.')})" : $"not ready ({reason})";

    private async Task TellAsync(string key, string text, TimeSpan elapsed, string? subject = null)
    {
        if (_told.GetValueOrDefault(key) != text)
        {
            _told[key] = text;
            await output.WriteLineAsync($"{elapsed.TotalSeconds,6:0.0} s  {subject ?? key}: {ScreenLine.Harmless(text)}");
        }
    }
}
