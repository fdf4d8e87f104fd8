using System.Globalization;

namespace RocketOps.Broker.Tests.Support;

/// <summary>Figures of a broker's page of metrics; it needs an <c>httpPort</c>.</summary>
internal static class Scraped
{
    /// <summary>The figure of that name, which has one line whatever its labels are.</summary>
    public static async Task<long> ReadAsync(TestBroker broker, string name)
    {
        using HttpClient http = new();
        string page = await http.GetStringAsync(new Uri($"http://{broker.Host.HttpEndPoint}/metrics"));
        string line = page.Split('\n').Single(candidate => candidate.StartsWith($"{name}{{", StringComparison.Ordinal));
        return long.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
    }
}
