using System.Globalization;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Remoting.Headers;

namespace RocketOps.Interop.Tests.Headers;

/// <summary>Asks a server requests with one flaw each, and tells the codes it answers: a line for each field of each request.</summary>
internal static class HeaderWalk
{
    private const int SystemBusy = 2;

    /// <param name="address">Of the server.</param>
    /// <param name="rows">The requests, in the order they are asked.</param>
    /// <param name="mayNotKnow">Each request is first asked without a flaw; one that nobody answers then is not asked with flaws, for each would be waited for.</param>
    /// <param name="patience">After which a request counts as not answered.</param>
    public static async Task<List<string>> RunAsync(string address, IEnumerable<HeaderRow> rows, bool mayNotKnow, TimeSpan patience)
    {
        List<string> lines = [];
        RawConnection connection = await RawConnection.ConnectAsync(address);
        try
        {
            foreach (HeaderRow row in rows)
            {
                string name = $"{row.Code.ToString(CultureInfo.InvariantCulture)} {row.Name}";
                if (mayNotKnow)
                {
                    string? whole = await AskAsync(row.Header(), row, row.Body);
                    lines.Add($"{name}\tnothing wrong\t{whole ?? "none"}");
                    if (whole is null)
                    {
                        continue;
                    }
                }

                foreach (IGrouping<string, HeaderCase> field in HeaderCase.Of(row).GroupBy(static flawed => flawed.Field?.Name ?? "the body", StringComparer.Ordinal))
                {
                    List<string> codes = [];
                    foreach (HeaderCase flawed in field)
                    {
                        codes.Add($"{flawed.Flaw} {await AskAsync(flawed.Fields, row, flawed.Body) ?? "none"}");
                    }

                    lines.Add($"{name}\t{field.Key}\t{string.Join(", ", codes)}");
                }
            }
        }
        finally
        {
            await connection.DisposeAsync();
        }

        return lines;

        async Task<string?> AskAsync(IReadOnlyDictionary<string, string> fields, HeaderRow row, ReadOnlyMemory<byte> body)
        {
            string? code = await CodeAsync(connection, row.Code, fields, body, patience);
            if (code is null)
            {
                await connection.DisposeAsync();
                connection = await RawConnection.ConnectAsync(address);
            }

            return code;
        }
    }

    /// <summary>The code; null when the connection was closed, or nothing came.</summary>
    private static async Task<string?> CodeAsync(RawConnection connection, int code, IReadOnlyDictionary<string, string> fields, ReadOnlyMemory<byte> body, TimeSpan patience)
    {
        using CancellationTokenSource timeout = new(patience);
        try
        {
            RawFrame answer = await connection.RequestAsync(code, fields, body, timeout.Token);
            while (answer.Code == SystemBusy)
            {
                // The machine is short of CPU, which says nothing of the header.
                answer = await connection.RequestAsync(code, fields, body, timeout.Token);
            }

            return answer.Code.ToString(CultureInfo.InvariantCulture);
        }
        catch (Exception silence) when (silence is EndOfStreamException or OperationCanceledException)
        {
            return null;
        }
    }
}
