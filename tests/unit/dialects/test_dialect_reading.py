"""What is asked in every dialect: fields, options, defaults, clamps and refusals."""

from __future__ import annotations

import json

import msgspec
import pytest
from speaking import UPLOAD, call, route

from toolkit.dialects.exchange import Cancel, PagePicture, Query, Wanted
from toolkit.errors import InvalidInput, InvalidOption, JobNotFound, TokenRefused

DAY = 86_400.0
MAP = msgspec.structs.replace(UPLOAD, field="image", filename="a.png", media_type="image/png")


def extract(options=None, *, form=None, **own) -> Wanted:
    written = {} if options is None else {"options": json.dumps(options)}
    given = {"upload": UPLOAD, "form": {**written, **(form or {})}, **own}
    return route("v1", "POST", "/extract").read(call("POST", **given))


def v1_job(body=None, **own) -> Wanted:
    given = {} if body is None else {"body": json.dumps(body).encode()}
    return route("v1", "POST", "/jobs").read(call("POST", **given, **own))


def queued(form=None, **own) -> Wanted:
    given = {"upload": UPLOAD, "form": form or {}, **own}
    return route("token_queue", "POST", "/jobs").read(call("POST", **given))


def listed(body=None, **own) -> Wanted:
    given = {} if body is None else {"body": json.dumps(body).encode()}
    return route("job_list", "POST", "").read(call("POST", **given, **own))


def tooled(form, upload=None, **own) -> Wanted:
    return route("tool_queue", "POST", "").read(call("POST", form=form, upload=upload, **own))


class TestExtract:
    def test_a_file_alone_is_read_as_usual(self):
        assert extract() == Wanted(tool="parse", retain=DAY, result_retain=DAY)

    def test_every_option_goes_where_it_belongs(self):
        wanted = extract(
            {
                "extraction_profile": "standard",
                "pages": "1-3",
                "languages": ["de"],
                "ocr": "force",
                "password": "open",
                "include_layout": True,
                "preserve_images": False,
                "table_format": "html",
                "style": "plain",
                "callback_url": "https://x.org/done",
                "retain_hours": 2,
                "result_retain_hours": 0.5,
                "bypass_cache": True,
                "one_time": True,
            }
        )
        assert wanted.options == {
            "profile": "standard",
            "pages": "1-3",
            "languages": ["de"],
            "ocr": "force",
        }
        assert wanted.secrets == {"password": "open"}
        assert wanted.presentation == {
            "include_layout": True,
            "preserve_images": False,
            "table_format": "html",
            "style": "plain",
        }
        assert wanted.callback_url == "https://x.org/done"
        assert (wanted.retain, wanted.result_retain) == (7200.0, 1800.0)
        assert wanted.bypass_cache
        assert wanted.one_time

    def test_asking_for_what_is_usual_is_no_other_submission(self):
        usual = {"include_layout": False, "preserve_images": True, "style": "rich", "pages": None}
        assert extract(usual) == extract() == extract(form={"options": ""})

    def test_the_advanced_profile_shows_boxes_whatever_was_asked(self):
        wanted = extract({"extraction_profile": "advanced", "include_layout": False})
        assert wanted.options == {"profile": "advanced"}
        assert wanted.presentation == {"include_layout": True}

    def test_results_are_kept_as_long_as_the_source_if_nothing_is_said(self):
        wanted = extract({"retain_hours": 168})
        assert (wanted.retain, wanted.result_retain) == (168 * 3600.0, 168 * 3600.0)
        assert extract({"retain_hours": 0}).result_retain == 0.0

    @pytest.mark.parametrize(
        ("given", "wait"),
        [
            ({}, 0.0),
            ({"sync": "false", "sync_timeout_seconds": "20"}, 0.0),
            ({"sync": "true"}, 25.0),
            ({"sync": "1", "sync_timeout_seconds": "12.5"}, 12.5),
            ({"sync": "yes", "sync_timeout_seconds": "-3"}, 1.0),
            ({"sync": "ON", "sync_timeout_seconds": "1000"}, 30.0),
        ],
    )
    def test_a_window_is_brought_into_its_bounds(self, given, wait):
        assert extract(form=given).wait == wait
        assert extract(query=given).wait == wait
        if given.get("sync") not in ("ON", "1", "yes"):
            body = {"type": "sleep", **{k: json.loads(v) for k, v in given.items()}}
            assert v1_job(body).wait == wait

    def test_the_form_is_asked_before_the_query(self):
        assert extract(form={"sync": "false"}, query={"sync": "true"}).wait == 0.0

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"include_layuot": True}, "did you mean 'include_layout'"),
            ({"retain_hours": 169}, "retain_hours=169: 0 to 168"),
            ({"retain_hours": -1}, "0 to 168"),
            ({"retain_hours": "soon"}, "a number is needed"),
            ({"retain_hours": True}, "a number is needed"),
            ({"result_retain_hours": 1e999}, "options is no JSON"),
            ({"include_layout": "perhaps"}, "true or false"),
            ({"preserve_images": 1}, "true or false"),
            ({"preserve_images": "true"}, "true or false"),
            ({"include_layuot": None}, "did you mean"),
            ({"retain_hours": "2"}, "a number is needed"),
            ({"table_format": "htm"}, "did you mean 'html'"),
            ({"style": "poor"}, "rich, plain"),
            ({"callback_url": "ftp://x.org"}, "https://"),
            ({"callback_url": 7}, "callback_url"),
            ({"bypass_cache": []}, "true or false"),
            ({"password": 7}, "password"),
            ({"password": ""}, "password"),
            ({"profile": "standard", "extraction_profile": "advanced"}, "different things"),
        ],
    )
    def test_a_wrong_option_is_refused_with_its_name(self, options, words):
        with pytest.raises(InvalidInput, match=words):
            extract(options)

    @pytest.mark.parametrize(
        ("form", "words"),
        [
            ({"options": "{"}, "options is no JSON"),
            ({"options": "[]"}, "no JSON object"),
            ({"options": "[" * 100_000}, "no JSON"),
            ({"option": "{}"}, "unknown field 'option'; did you mean 'options'"),
            ({"sync": "perhaps"}, "sync"),
            ({"sync_timeout_seconds": "nan"}, "sync_timeout_seconds"),
            ({"sync_timeout_seconds": "1e999"}, "finite"),
        ],
    )
    def test_a_wrong_field_is_refused(self, form, words):
        with pytest.raises(InvalidInput, match=words):
            extract(form=form)

    def test_a_file_is_needed(self):
        with pytest.raises(InvalidInput, match="'file'"):
            extract(upload=None)

    def test_a_password_is_never_in_the_message(self):
        with pytest.raises(InvalidOption) as caught:
            extract({"password": ["hunter2"] * 300})
        assert "hunter2" not in str(caught.value)


class TestIdempotencyKey:
    ASK = (extract, queued, lambda **own: listed(upload=UPLOAD, **own))

    @pytest.mark.parametrize("ask", ASK)
    def test_it_is_taken_from_its_header(self, ask):
        assert ask().idempotency_key is None
        for key in ("a", "k" * 255):
            assert ask(headers={"idempotency-key": key}).idempotency_key == key

    @pytest.mark.parametrize("ask", ASK)
    @pytest.mark.parametrize("key", ["", "k" * 256])
    def test_it_has_1_to_255_characters(self, ask, key):
        with pytest.raises(InvalidOption, match="Idempotency-Key"):
            ask(headers={"idempotency-key": key})


class TestJobsOfAnyTool:
    def test_in_json(self):
        wanted = v1_job(
            {
                "type": "resize",
                "options": {"width": 3, "callback_url": "its own", "password": "pw"},
                "callback_url": "https://x.org/done",
                "retain_hours": 1,
                "sync": True,
                "one_time": True,
            }
            | {"options": {"width": 3, "password": "pw", "none": None}}
        )
        assert wanted == Wanted(
            tool="resize",
            options={"width": 3},
            secrets={"password": "pw"},
            callback_url="https://x.org/done",
            retain=3600.0,
            result_retain=3600.0,
            one_time=True,
            wait=25.0,
        )

    def test_in_a_form(self):
        wanted = v1_job(
            form={
                "type": "resize",
                "options": '{"width": 3}',
                "retain_hours": "2",
                "bypass_cache": "true",
                "sync": "no",
                "callback_url": "",
            },
            upload=UPLOAD,
        )
        assert wanted.tool == "resize"
        assert wanted.options == {"width": 3}
        assert (wanted.retain, wanted.bypass_cache, wanted.wait) == (7200.0, True, 0.0)

    def test_parse_has_the_options_of_extract(self):
        wanted = v1_job(
            {"input": "https://x.org/a.pdf", "options": {"include_layout": True, "retain_hours": 3}}
        )
        assert (wanted.tool, wanted.url, wanted.retain) == ("parse", "https://x.org/a.pdf", 10_800)
        assert wanted.presentation == {"include_layout": True}
        with pytest.raises(InvalidOption, match="did you mean"):
            v1_job({"input": "https://x.org/a.pdf", "options": {"page": "1"}})

    @pytest.mark.parametrize(
        ("body", "words"),
        [
            ({}, "'file' is needed, or else 'input'"),
            ({"type": "parse"}, "'input'"),
            ({"tool": "parse"}, "unknown field 'tool'"),
            ({"type": ""}, "type"),
            ({"type": 7}, "type"),
            ({"type": "a/b"}, "letters"),
            ({"type": "sleep", "options": []}, "options"),
            ({"type": "sleep", "options": "{}"}, "options"),
            ({"type": "sleep", "sync": "true"}, "sync"),
            ({"type": "sleep", "retain_hours": "1"}, "retain_hours"),
            ({"type": "sleep", "unknown": None}, "unknown field"),
        ],
    )
    def test_a_wrong_body_is_refused(self, body, words):
        with pytest.raises(InvalidInput, match=words):
            v1_job(body)

    @pytest.mark.parametrize("body", [b"{", b"[1]", b"\xff", b'"text"', b"null", b"{}x"])
    def test_what_is_no_json_object_is_refused(self, body):
        for name, path in (("v1", "/jobs"), ("job_list", "")):
            with pytest.raises(InvalidInput, match="the body is no JSON"):
                route(name, "POST", path).read(call("POST", body=body))


INPUTS = [
    ("https://x.org/a.pdf?key=1", {"url": "https://x.org/a.pdf?key=1"}),
    ("HTTP://x.org/a.pdf", {"url": "HTTP://x.org/a.pdf"}),
    ("docld://doc_00ff", {"reuse": "job_00ff"}),
    ("jobid://job_00ff", {"reuse": "job_00ff"}),
]


@pytest.mark.parametrize(("written", "found"), INPUTS)
def test_an_input_is_an_address_or_an_earlier_job(written, found):
    for wanted in (listed({"input": written}), v1_job({"input": written})):
        assert {name: getattr(wanted, name) for name in found} == found


@pytest.mark.parametrize(
    "written",
    ["", "a.pdf", "file:///etc/passwd", "docld://", "docld://job_1", "jobid://", 7, "x" * 9000],
)
def test_any_other_input_is_refused(written):
    for ask in (listed, v1_job):
        with pytest.raises(InvalidInput, match="input"):
            ask({"input": written})


def test_one_input_is_enough():
    for ask in (listed, v1_job):
        with pytest.raises(InvalidInput, match="both"):
            ask(form={"input": "https://x.org/a.pdf"}, upload=UPLOAD)


class TestTokenQueue:
    def test_a_result_is_always_fetched_once(self):
        assert queued() == Wanted(tool="parse", one_time=True)

    def test_options_are_the_text_of_json(self):
        wanted = queued({"tool": "parse", "options": '{"pages": "2", "password": "pw"}'})
        assert (wanted.options, wanted.secrets) == ({"pages": "2"}, {"password": "pw"})
        assert queued({"tool": "sleep", "options": '{"seconds": 1}'}).options == {"seconds": 1}

    def test_a_tool_may_need_no_file(self):
        assert queued({"tool": "sleep"}, upload=None).tool == "sleep"
        with pytest.raises(InvalidInput, match="'file'"):
            queued(upload=None)

    @pytest.mark.parametrize(
        "form", [{"options": "{"}, {"tol": "parse"}, {"tool": "a b"}, {"tool": ""}]
    )
    def test_what_is_wrong_is_refused(self, form):
        with pytest.raises(InvalidInput):
            queued(form)

    def test_a_status_needs_both_parameters_and_an_empty_one_is_there(self):
        read = route("token_queue", "GET", "").read
        for query in ({}, {"jobId": "j"}, {"jobToken": "t"}):
            with pytest.raises(InvalidInput, match="missing"):
                read(call(query=query))
        assert read(call(query={"jobId": "", "jobToken": ""})) == Query()

    @pytest.mark.parametrize(("method", "path"), [("DELETE", ""), ("GET", "/result")])
    def test_elsewhere_a_missing_id_is_not_found_and_a_missing_token_refused(self, method, path):
        read = route("token_queue", method, path).read
        for query in ({}, {"jobToken": "t"}, {"jobId": "", "jobToken": "t"}):
            with pytest.raises(JobNotFound):
                read(call(method, query=query))
        with pytest.raises(TokenRefused):
            read(call(method, query={"jobId": "j"}))

    def test_only_what_waits_is_cancelled(self):
        read = route("token_queue", "DELETE", "").read
        given = call("DELETE", query={"jobId": "j", "jobToken": "t"})
        assert read(given) == Cancel(only_waiting=True)
        assert (given.job_id, given.token) == ("j", "t")


class TestJobList:
    def test_config_says_how_to_cut_and_how_to_read(self):
        wanted = listed(
            {
                "type": "parse",
                "input": "https://x.org/a.pdf",
                "config": {
                    "strategy": "page",
                    "max_chunk_size": 500,
                    "overlap": 20,
                    "pages": "1",
                    "password": "pw",
                },
                "webhook_url": "https://x.org/done",
            }
        )
        assert wanted.presentation == {"strategy": "page", "max_chunk_size": 500, "overlap": 20}
        assert (wanted.options, wanted.secrets) == ({"pages": "1"}, {"password": "pw"})
        assert wanted.callback_url == "https://x.org/done"
        assert (wanted.retain, wanted.result_retain, wanted.wait) == (DAY, DAY, 0.0)

    def test_in_a_form_config_is_text(self):
        wanted = listed(form={"config": '{"overlap": 0}', "webhook_url": ""}, upload=UPLOAD)
        assert wanted.presentation == {"overlap": 0}
        assert wanted.callback_url is None

    def test_the_config_of_another_type_is_its_own(self):
        wanted = listed({"type": "split", "config": {"strategy": "manual", "overlap": 7000}})
        assert wanted.options == {"strategy": "manual", "overlap": 7000}
        assert wanted.presentation == {}

    @pytest.mark.parametrize(
        ("config", "words"),
        [
            ({"strategy": "semantics"}, "did you mean 'semantic'"),
            ({"max_chunk_size": 49}, "50 to 100000"),
            ({"max_chunk_size": 10**6}, "50 to 100000"),
            ({"max_chunk_size": 99.5}, "whole number"),
            ({"overlap": 501}, "0 to 500"),
            ({"max_chunk_size": 100, "overlap": 51}, "0 to 50"),
            ({"overlap": -1}, "0 to 500"),
            ([], "config"),
        ],
    )
    def test_a_wrong_config_is_refused(self, config, words):
        with pytest.raises(InvalidInput, match=words):
            listed({"input": "https://x.org/a.pdf", "config": config})

    def test_something_to_parse_is_needed(self):
        with pytest.raises(InvalidInput, match="'input'"):
            listed({"type": "parse"})
        with pytest.raises(InvalidInput, match="unknown field 'inputs'"):
            listed({"inputs": "https://x.org/a.pdf"})

    def test_a_page_of_jobs(self):
        read = route("job_list", "GET", "").read
        assert read(call()) == Query(limit=50, offset=0)
        asked = {"status": "retrying", "type": "split", "limit": "100", "offset": "200"}
        assert read(call(query=asked)) == Query(
            status="retrying", tool="split", limit=100, offset=200
        )

    @pytest.mark.parametrize(
        "query",
        [
            {"limit": "0"},
            {"limit": "101"},
            {"limit": "many"},
            {"limit": ""},
            {"limit": "５"},
            {"offset": "-1"},
            {"offset": "1.5"},
            {"status": "done"},
            {"status": ""},
            {"type": ""},
            {"type": "a b"},
        ],
    )
    def test_a_bad_value_is_refused(self, query):
        with pytest.raises(InvalidOption):
            route("job_list", "GET", "").read(call(query=query))
        if "offset" not in query:
            with pytest.raises(InvalidOption):
                route("v1", "GET", "/jobs").read(call(query=query))


class TestToolQueue:
    def test_fields_become_options_of_their_kind(self):
        wanted = tooled(
            {
                "tool": "material",
                "mode": "async",
                "materialMode": "tmat",
                "name": "17",
                "normalStrength": "2.5",
                "roughnessBase": "200",
                "transparent": "TRUE",
                "assetDir": "",
            },
            MAP,
        )
        assert wanted == Wanted(
            tool="material",
            options={
                "materialMode": "tmat",
                "name": "17",
                "normalStrength": 2.5,
                "roughnessBase": 200,
                "transparent": True,
                "assetDir": "",
            },
            retain=3600.0,
            result_retain=3600.0,
        )

    def test_what_is_no_number_is_left_to_the_tools_check(self):
        wanted = tooled({"tool": "terrain", "hills": "many", "seed": "-7", "waterLevel": "1e999"})
        assert wanted.options == {"hills": "many", "seed": -7, "waterLevel": "1e999"}

    @pytest.mark.parametrize(("mode", "wait"), [("sync", 120.0), ("async", 0.0)])
    def test_sync_waits_two_minutes(self, mode, wait):
        assert tooled({"tool": "terrain", "mode": mode}).wait == wait

    @pytest.mark.parametrize(
        ("form", "upload", "words"),
        [
            ({}, None, "tool"),
            ({"tool": ""}, None, "tool"),
            ({"tool": "terrain", "mode": "vmat"}, None, "mode='vmat'"),
            ({"tool": "terrain", "mode": ""}, None, "mode=''"),
            ({"tool": "material"}, None, "image"),
            ({"tool": "material"}, UPLOAD, "in the field image"),
            ({"tool": "model"}, MAP, "in the field file"),
            ({"tool": "terrain"}, UPLOAD, "takes no file"),
            ({"tool": "parse"}, None, "file"),
        ],
    )
    def test_what_is_wrong_is_refused_with_the_fields_name(self, form, upload, words):
        with pytest.raises(InvalidInput, match=words):
            tooled(form, upload)

    def test_any_tool_can_be_asked_for(self):
        assert tooled({"tool": "sleep", "seconds": "0.5"}).options == {"seconds": 0.5}
        assert tooled({"tool": "parse", "pages": "3"}, UPLOAD).options == {"pages": "3"}


class TestV1:
    def test_the_picture_of_a_page(self):
        read, path = route("v1", "GET", "/jobs/{job_id}/pages/{number}.png").read, {"number": "3"}
        assert read(call(path=path)) == PagePicture(page=3, width=1200)
        asked = call(path=path, query={"width": "300"})
        assert read(asked) == PagePicture(page=3, width=300)
        for width in ("", "31", "2401", "x", "-5", "٣٠٠", "1e3"):
            with pytest.raises(InvalidInput, match="width"):
                read(call(path=path, query={"width": width}))

    def test_a_page_of_jobs(self):
        read = route("v1", "GET", "/jobs").read
        assert read(call()) == Query(limit=20)
        asked = {"status": "queued", "type": "parse", "limit": "100", "cursor": "c7"}
        assert read(call(query=asked)) == Query(
            status=("queued", "retrying"), tool="parse", limit=100, cursor="c7"
        )
        # its own words alone: "retrying" is none of them
        with pytest.raises(InvalidOption):
            read(call(query={"status": "retrying"}))

    @pytest.mark.parametrize(
        ("prefer", "wait"),
        [
            (None, 0.0),
            ("wait=20", 20.0),
            ("respond-async, WAIT = 7; foo=bar", 7.0),
            ('wait="12"', 12.0),
            ("wait=999999", 30.0),
            ("wait=-1", 0.0),
            ("wait=soon", 0.0),
            ("wait", 0.0),
            (",,;=", 0.0),
        ],
    )
    def test_a_preference_holds_the_answer_back(self, prefer, wait):
        given = {} if prefer is None else {"headers": {"prefer": prefer}}
        read = route("v1", "GET", "/jobs/{job_id}").read
        assert read(call(**given)) == Query(wait=wait, document=True)

    def test_pages_and_blocks_are_named(self):
        page = route("v1", "GET", "/jobs/{job_id}/pages/{number}.png").read
        assert page(call(path={"number": "3"})).page == 3
        for number in ("0", "-1", "x", "", "1.5", "9" * 30):
            with pytest.raises(InvalidOption):
                page(call(path={"number": number}))
        block = route("v1", "GET", "/jobs/{job_id}/images/{block_id}").read
        assert block(call(path={"block_id": "blk_00ff00ff00ff"})) == "blk_00ff00ff00ff"

    def test_a_month_of_usage(self):
        read = route("v1", "GET", "/usage").read
        assert read(call()) is None
        assert read(call(query={"month": "2026-11"})) == "2026-11"
        for month in ("2026-13", "2026-1", "2026", "", "2026-11\n", "２０２６-11"):
            with pytest.raises(InvalidOption):
                read(call(query={"month": month}))

    def test_a_jobs_token_may_come_in_two_ways(self):
        given = call(path={"job_id": "j"}, headers={"x-job-token": "t"})
        assert (given.job_id, given.token) == ("j", "t")
        assert call(query={"job_token": "t"}).token == "t"
        assert call().token is None


def test_cancelling_stops_running_jobs_too():
    for name, path in (("v1", "/jobs/{job_id}"), ("job_list", "/{job_id}")):
        assert route(name, "DELETE", path).read(call("DELETE")) == Cancel()
