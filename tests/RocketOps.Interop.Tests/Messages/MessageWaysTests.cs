using RocketOps.Interop.Tests.Fixtures;

namespace RocketOps.Interop.Tests.Messages;

/// <summary>Whichever way a message goes, a consumer sees of it behind our broker what it sees behind Apache's.</summary>
public abstract class MessageWaysTests(ServerFixture fixture)
{
    [SkippableFact]
    public async Task Receive_AfterEveryWay_HasTheFieldsOfTheTable()
    {
        // All at once: most of the time goes by waiting for delays.
        IReadOnlyList<string>[] seen = await Task.WhenAll(MessageWays.All.Select(async way =>
        {
            await using WayTraveller traveller = await WayTraveller.StartAsync(fixture.Server, way.Name);
            return await way.GoAsync(traveller);
        }));

        string[] wrong =
        [
            .. MessageWays.All.Zip(seen, (way, lines) => (way.Name, Wrong: Differences(way.ExpectedFrom(fixture.Server.Name), lines)))
                .Where(static way => way.Wrong.Length > 0).Select(static way => $"{way.Name}: {way.Wrong}"),
        ];
        wrong.Should().BeEmpty("{0} shows every message as the table says", fixture.Server.Name);
    }

    private static string Differences(IEnumerable<string> expected, IEnumerable<string> seen)
    {
        List<string> missing = [.. expected];
        List<string> unexpected = [.. seen.Where(line => !missing.Remove(line))];
        return string.Join(", ", missing.Select(static line => $"missing {line}").Concat(unexpected.Select(static line => $"unexpected {line}")));
    }
}
