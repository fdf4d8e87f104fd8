namespace RocketOps.Cli.Up;

/// <summary>The state as plain lines, one per change, for files and pipes.</summary>
internal sealed class UpLines(TextWriter output)
{
    private readonly Dictionary<string, string> _told = new(StringComparer.Ordinal);

    public async Task WriteAsync(UpState state, TimeSpan elapsed)
    {
        foreach (ClusterView cluster in state.Clusters)
        {
            int ready = cluster.Members.Count(member => member.IsReady);
            await TellAsync(
                $"cluster {cluster.Key}",
                $"{(cluster.IsReady ? "ready" : $"not ready ({cluster.Reason})")}, name servers {cluster.ReadyNameServers}, brokers {ready}/{cluster.Members.Count}{(cluster.Address.Length > 0 ? $", clients use {cluster.Address}" : "")}",
                elapsed);
        }

        foreach (TopicView topic in state.Topics)
        {
            await TellAsync($"topic {topic.Key}", topic.IsReady ? $"ready, {topic.ReadQueues} queues per group" : $"not ready ({topic.Reason})", elapsed);
        }

        foreach (PodProblem problem in state.Problems)
        {
            await TellAsync($"pod {problem.Key}", problem.Text, elapsed);
        }

        if (state.OperatorEnd is { } end)
        {
            await TellAsync("operator", end, elapsed);
        }

        if (state.Demo is { } demo)
        {
            await TellAsync("demo", demo.Step, elapsed);
        }
    }

    private async Task TellAsync(string subject, string text, TimeSpan elapsed)
    {
        if (_told.GetValueOrDefault(subject) != text)
        {
            _told[subject] = text;
            await output.WriteLineAsync($"{elapsed.TotalSeconds,6:0.0} s  {subject}: {text}");
        }
    }
}
