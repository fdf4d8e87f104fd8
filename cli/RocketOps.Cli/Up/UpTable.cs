using Spectre.Console;
using Spectre.Console.Rendering;

namespace RocketOps.Cli.Up;

/// <summary>The state as tables, for a person at a terminal.</summary>
internal static class UpTable
{
    public static IRenderable Render(UpState state, TimeSpan elapsed)
    {
        List<IRenderable> rows = new() { new Markup($"[bold]RocketOps[/] on this machine [grey]{elapsed.TotalSeconds:0.0} s[/]") };
        if (state.OperatorEnd is { } end)
        {
            rows.Add(new Markup($"[red]{end.EscapeMarkup()}[/]"));
        }

        rows.AddRange(state.Clusters.Select(Cluster));
        if (state.Topics.Count > 0)
        {
            rows.Add(Topics(state));
        }

        rows.AddRange(state.Problems.Select(problem => new Markup($"[yellow]{problem.Key.EscapeMarkup()}[/] {problem.Text.EscapeMarkup()}")));
        if (state.Demo is { } demo)
        {
            rows.Add(Demo(demo));
        }

        return new Rows(rows);
    }

    private static Table Cluster(ClusterView cluster)
    {
        Table table = new Table().Border(TableBorder.Rounded).Expand().Title(
            $"[bold]{cluster.Key.EscapeMarkup()}[/] {Mark(cluster.IsReady)} [grey]{cluster.Reason.EscapeMarkup()}[/]  name servers ready: {cluster.ReadyNameServers}  clients use [bold]{(cluster.Address.Length > 0 ? cluster.Address : "…")}[/]");
        table.AddColumns("group", "broker", "role", "ready", "registered");
        foreach (MemberView member in cluster.Members)
        {
            table.AddRow(member.Group.EscapeMarkup(), member.Name.EscapeMarkup(), member.Role.EscapeMarkup(), Mark(member.IsReady), Mark(member.IsRegistered));
        }

        return table;
    }

    private static Table Topics(UpState state)
    {
        Table table = new Table().Border(TableBorder.Rounded).Expand().Title("[bold]topics[/]");
        table.AddColumns("topic", "cluster", "queues read/write", "ready", "reason");
        foreach (TopicView topic in state.Topics)
        {
            table.AddRow(
                topic.TopicName.EscapeMarkup(), topic.Cluster.EscapeMarkup(), $"{topic.ReadQueues}/{topic.WriteQueues}", Mark(topic.IsReady), topic.Reason.EscapeMarkup());
        }

        return table;
    }

    private static Table Demo(Demo.DemoProgress demo)
    {
        Table table = new Table().Border(TableBorder.Rounded).Expand().Title($"[bold]demo[/] {demo.Step.EscapeMarkup()}");
        table.AddColumns("sent", "received by member 1", "received by member 2", "duplicates", "missing");
        table.AddRow($"{demo.Sent}", $"{demo.ReceivedByFirst}", $"{demo.ReceivedBySecond}", $"{demo.Duplicates}", $"{demo.Missing}");
        return table;
    }

    private static string Mark(bool isGood) => isGood ? "[green]yes[/]" : "[yellow]not yet[/]";
}
