using System.Globalization;

namespace RocketOps.Cli.Up;

/// <summary>
/// Figures a broker reports of its work: messages per second of the last ten seconds, and how full its disk is (0 to 1, null when it does
/// not say).
/// </summary>
internal sealed record BrokerFigures(double InPerSecond, double OutPerSecond, double? DiskUsed)
{
    public static BrokerFigures Of(IReadOnlyDictionary<string, string> runtime) =>
        new(First(runtime.GetValueOrDefault("putTps")) ?? 0, First(runtime.GetValueOrDefault("getTransferredTps")) ?? 0, First(runtime.GetValueOrDefault("commitLogDiskRatio")) is >= 0 and <= 1 and var used ? used : null);

    /// <summary>Rates are three numbers, of ten seconds, one minute and ten minutes.</summary>
    private static double? First(string? text) =>
        double.TryParse(text?.Split(' ')[0], NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) ? number : null;
}
