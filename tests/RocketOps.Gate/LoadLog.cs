using System.Globalization;

namespace RocketOps.Gate;

/// <summary>What the machine's load was at a time: lines of <c>SECONDS LOAD</c> that the run writes every few seconds, seconds since 1970.</summary>
internal sealed class LoadLog(IReadOnlyList<(long Seconds, string Load)> samples)
{
    public static LoadLog Read(string path)
    {
        List<(long, string)> samples = [];
        foreach (string line in File.Exists(path) ? File.ReadLines(path) : [])
        {
            if (line.Split(' ') is [{ } seconds, { } load, ..] && long.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out long at))
            {
                samples.Add((at, load));
            }
        }

        return new LoadLog(samples);
    }

    /// <summary>The load nearest to that time; <c>unknown</c> when none was written.</summary>
    public string At(DateTimeOffset time) =>
        samples.Count == 0 ? "unknown" : samples.MinBy(sample => Math.Abs(sample.Seconds - time.ToUnixTimeSeconds())).Load;
}
