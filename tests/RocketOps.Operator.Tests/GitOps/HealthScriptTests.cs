using System.Text.Json.Nodes;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Tests.GitOps;

/// <summary>What Argo CD says of a status, for every case there is: of objects the operator has not seen yet, and of every mix of conditions it writes.</summary>
public sealed class HealthScriptTests
{
    private const string Waiting = "Waiting for the operator.";

    public static TheoryData<string> Kinds => [.. HealthScript.Kinds];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Run_FieldsAreMissing_Progressing(string kind)
    {
        foreach (string json in new[]
        {
            "{}",
            """{"metadata":{}}""",
            """{"metadata":{"generation":1}}""",
            """{"metadata":{"generation":1},"status":null}""",
            """{"metadata":{"generation":1},"status":{}}""",
            """{"metadata":{"generation":1},"status":{"observedGeneration":1}}""",
            """{"metadata":{"generation":1},"status":{"observedGeneration":1,"conditions":[]}}""",
            """{"metadata":{"generation":1},"status":{"observedGeneration":1,"conditions":[{}]}}""",
            """{"metadata":{"generation":1},"status":{"observedGeneration":1,"conditions":[{"type":"Ready"},{"status":"True"}]}}""",
        })
        {
            HealthScript.Of(kind).Run(JsonNode.Parse(json)!).Should().Be(("Progressing", Waiting), json);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Run_MessagesAreMissing_StatusAllTheSame(string kind)
    {
        Run(kind, 1, 1, """{"type":"Ready","status":"True"}""").Should().Be(("Healthy", ""));
        Run(kind, 1, 1, """{"type":"Ready","status":"False"}""").Should().Be(("Progressing", Waiting));
        Run(kind, 1, 1, """{"type":"Stalled","status":"True"}""").Should().Be(("Degraded", "Stalled."));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Run_GenerationNotSeenYet_Progressing(string kind)
    {
        Run(kind, 1, -1, Condition("Ready", "Unknown", "Not looked at yet.")).Should().Be(("Progressing", Waiting));
        Run(kind, 3, 2, Ready("True", "All is well.")).Should().Be(("Progressing", Waiting), "what was well was the last spec");
        Run(kind, 3, 2, Stalled("A key is wrong.")).Should().Be(("Progressing", Waiting), "what was wrong was the last spec");
        Run(kind, 3, null, Ready("True", "All is well.")).Should().Be(("Progressing", Waiting));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Run_OutcomesForKstatus_HealthyProgressingDegraded(string kind)
    {
        Run(kind, 2, 2, Ready("True", "All is well.")).Should().Be(("Healthy", "All is well."));
        Run(kind, 2, 2, Ready("False", "a-0 restarts.")).Should().Be(("Progressing", "a-0 restarts."));
        Run(kind, 2, 2, Condition("Reconciling", "True", "a-0 restarts.")).Should().Be(("Progressing", "a-0 restarts."));
        Run(kind, 2, 2, Stalled("A key is wrong: naïve.")).Should().Be(("Degraded", "A key is wrong: naïve."));
    }

    /// <summary>The order of conditions is that of a list, and any writer may change it.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Run_ConditionsInAnotherOrder_TheSame(string kind)
    {
        string[] stalled = Stalled("A key is wrong.");
        Array.Reverse(stalled);

        Run(kind, 2, 2, stalled).Should().Be(("Degraded", "A key is wrong."));
    }

    [Fact]
    public void Run_ClusterThatServedAndDoesNot_Degraded()
    {
        string[] pending = Ready("False", "a-0 takes no messages. a-0-0: gone.");

        Cluster([.. pending, Condition("Available", "False", "No serving master: a-0."), Condition("Degraded", "True", "a-1-0 cannot write.", "Another")])
            .Should().Be(("Degraded", "No serving master: a-0. a-1-0 cannot write."));
        Cluster([.. pending, Condition("Available", "False", "No serving master: a-0."), Condition("Degraded", "True", "a-0 takes no messages. a-0-0: gone.")])
            .Should().Be(("Degraded", "a-0 takes no messages. a-0-0: gone."), "the same is not said twice");
        Cluster([.. pending, """{"type":"Available","status":"False"}""", """{"type":"Degraded","status":"True"}"""]).Should().Be(("Degraded", "Not available."));
    }

    [Fact]
    public void Run_ClusterThatStartsOrRestartsOrMissesASlave_Progressing()
    {
        string[] pending = Ready("False", "a-0-0 restarts.");
        string masterless = Condition("Available", "False", "No serving master: a-0.");

        Cluster([.. pending, masterless, Condition("Degraded", "False", "")]).Should().Be(("Progressing", "a-0-0 restarts."), "the operator wants it so");
        Cluster([.. pending, Condition("Available", "True", "Every group has a registered master."), Condition("Degraded", "True", "a-0-1: gone.")])
            .Should().Be(("Progressing", "a-0-0 restarts."), "clients miss nothing");
        Cluster([.. pending, Condition("Available", "Unknown", "Nobody answers."), Condition("Degraded", "True", "a-0-1: gone.")]).Should().Be(("Progressing", "a-0-0 restarts."));
    }

    [Fact]
    public void Run_PausedCluster_SuspendedUnlessSomebodyHasToCome()
    {
        string paused = Condition("Paused", "True", "The operator changes nothing.");

        Cluster([.. Ready("True", "All is well."), paused]).Should().Be(("Suspended", "The operator changes nothing."));
        Cluster(["""{"type":"Paused","status":"True"}"""]).Should().Be(("Suspended", "Paused."));
        Run("BrokerCluster", 3, 2, [.. Ready("False", "What is asked for waits."), paused])
            .Should().Be(("Suspended", "What is asked for waits."), "the last generation worked on is kept while it is paused");
        Cluster([.. Stalled("A key is wrong."), paused]).Should().Be(("Degraded", "A key is wrong."));
        Cluster([.. Ready("False", "a-0-0: gone."), Condition("Available", "False", "No serving master: a-0."), Condition("Degraded", "True", "a-0 takes no messages. a-0-0: gone."), paused])
            .Should().Be(("Degraded", "a-0 takes no messages. a-0-0: gone."));
        Cluster([.. Ready("True", "All is well."), Condition("Paused", "False", "")]).Should().Be(("Healthy", "All is well."));
    }

    /// <summary>The runner is no kinder than Argo CD: what is not opened there is not here.</summary>
    [Theory]
    [InlineData("return { status = string.upper('healthy'), message = '' }")]
    [InlineData("return { status = ('healthy'):upper(), message = '' }")]
    [InlineData("os.exit(0)")]
    [InlineData("io.write('')")]
    [InlineData("require('os')")]
    public void Run_LibrariesArgoDoesNotOpen_Fails(string source)
    {
        FluentActions.Invoking(() => new HealthScript(source).Run(new JsonObject())).Should().Throw<InvalidOperationException>();
    }

    private static (string Status, string Message) Cluster(params string[] conditions) => Run("BrokerCluster", 2, 2, conditions);

    private static (string Status, string Message) Run(string kind, int generation, int? seen, params string[] conditions) => HealthScript.Of(kind).Run(JsonNode.Parse(
        $$$"""{"metadata":{"generation":{{{generation}}}},"status":{"observedGeneration":{{{seen?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "null"}}},"conditions":[{{{string.Join(',', conditions)}}}]}}""")!);

    private static string[] Ready(string status, string message) =>
        [Condition(ConditionTypes.Ready, status, message), Condition(ConditionTypes.Reconciling, status == "True" ? "False" : "True", status == "True" ? "" : message), Condition(ConditionTypes.Stalled, "False", "")];

    private static string[] Stalled(string message) =>
        [Condition(ConditionTypes.Ready, "False", message), Condition(ConditionTypes.Reconciling, "False", ""), Condition(ConditionTypes.Stalled, "True", message)];

    private static string Condition(string type, string status, string message, string reason = "Any") => $$"""{"type":"{{type}}","status":"{{status}}","reason":"{{reason}}","message":"{{message}}"}""";
}
