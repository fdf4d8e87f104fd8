using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.NameServer.Hosting;
using RocketOps.NameServer.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Remoting.Headers;

namespace RocketOps.NameServer.Tests.Hosting;

/// <summary>
/// Every request code with every field of its header missing, no number, out of range or huge: it is answered, and what cannot be read is named. The interop ring asks Apache's name servers
/// the same.
/// </summary>
public sealed class HeaderWalkTests
{
    [Fact]
    public void Rows_AreOfAllCodesServed() => NameServerRows.All.Select(static row => row.Code).Should().BeEquivalentTo(
        NameServerHandlers.Create(null!, null!, null!, null!, null!, NullLogger.Instance).Codes);

    [Fact]
    public async Task Request_WithOneFlaw_IsAnsweredAndWhatCannotBeReadIsNamed()
    {
        await using NameServerFixture server = await NameServerFixture.StartAsync();
        await using RawConnection walker = await RawConnection.ConnectAsync(server.Address);
        List<string> wrong = [];
        foreach (HeaderRow row in NameServerRows.All)
        {
            RawFrame whole = await walker.RequestAsync(row.Code, row.Header(), row.Body);
            if (whole.Code is not ResponseCode.Success and not ResponseCode.TopicNotExist)
            {
                wrong.Add($"{row.Name}: nothing is wrong ({whole.Code} {whole.Remark})");
            }

            foreach (HeaderCase flawed in HeaderCase.Of(row))
            {
                RawFrame answer = await walker.RequestAsync(row.Code, flawed.Fields, flawed.Body);
                if (Complaint(flawed, answer) is { } complaint)
                {
                    wrong.Add($"{flawed}: {complaint} ({answer.Code} {answer.Remark?[..Math.Min(answer.Remark.Length, 160)]})");
                }
            }
        }

        string.Join('\n', wrong).Should().BeEmpty();
    }

    private static string? Complaint(HeaderCase flawed, RawFrame answer)
    {
        string remark = answer.Remark ?? string.Empty;
        bool isRequired = flawed is { Flaw: HeaderCase.Missing, Field.IsRequired: true };
        return isRequired && answer.Code == ResponseCode.Success ? "must be refused"
            : isRequired && !remark.Contains(flawed.Field!.Name, StringComparison.Ordinal) ? "the remark does not name the field"
            : answer.Code != ResponseCode.Success && remark.Length == 0 ? "refused without a word"
            : remark.Contains("Exception", StringComparison.Ordinal) && !remark.StartsWith("NumberFormatException: the custom field <", StringComparison.Ordinal) ? "an exception of .NET tells nobody what is wrong"
            : null;
    }
}
