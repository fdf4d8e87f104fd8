using System.Reflection;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Tests.Support;

namespace RocketOps.Operator.Tests.Reporting;

/// <summary>Whoever reads a reason in a condition finds what it means and what to do.</summary>
public sealed class ReasonsTests
{
    [Fact]
    public void Reasons_EachIsExplained()
    {
        string page = File.ReadAllText(Repository.Path("docs", "operate.md"));
        string[] reasons = [.. typeof(Reasons).GetFields(BindingFlags.Public | BindingFlags.Static).Select(static field => (string)field.GetRawConstantValue()!)];

        reasons.Should().HaveCountGreaterThan(30, "else nothing was looked at");
        reasons.Where(reason => !page.Contains($"`{reason}`", StringComparison.Ordinal)).Should().BeEmpty("each has a line in docs/operate.md");
    }
}
