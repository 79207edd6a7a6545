BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0004');
CREATE TABLE assignment (
	id INTEGER NOT NULL, 
	case_id INTEGER NOT NULL, 
	reader_id INTEGER NOT NULL, 
	presentation_order INTEGER NOT NULL, 
	read_index INTEGER NOT NULL, 
	is_repeat BOOLEAN NOT NULL, 
	is_calibration BOOLEAN NOT NULL, 
	blinded BOOLEAN NOT NULL, 
	resume_structure VARCHAR, 
	resume_slice INTEGER, 
	created_at_utc DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(case_id) REFERENCES study_case (id), 
	FOREIGN KEY(reader_id) REFERENCES reader (id), 
	UNIQUE (case_id, reader_id, read_index)
);
CREATE TABLE audit (
	id INTEGER NOT NULL, 
	at_utc DATETIME NOT NULL, 
	actor VARCHAR NOT NULL, 
	action VARCHAR NOT NULL, 
	subject VARCHAR NOT NULL, 
	detail JSON NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "audit" VALUES(1,'2026-05-04 12:00:00.000000','anna','submit revision','HN-001 BrainStem','{"revision": 1}');
INSERT INTO "audit" VALUES(2,'2026-05-04 12:00:00.000000','ben','lock structure','HN-001 BrainStem','{"label_version": 33, "reason": ""}');
INSERT INTO "audit" VALUES(3,'2026-05-04 12:00:00.000000','ben','revision accepted','revision 1','{"reason": ""}');
INSERT INTO "audit" VALUES(4,'2026-05-04 12:00:00.000000','ben','lock structure','HN-001 ParotidL','{"label_version": 5, "reason": ""}');
INSERT INTO "audit" VALUES(5,'2026-11-28 03:34:18.185167','evaluation','measure failed','HN-004','{"definition": "surfel", "definition_version": "1", "pairs": [{"structure": "BrainStem", "reference_sha256": "40a53703a30ce8fdd2e1a6dd63826f3796d7c5b6784e80b6472a2e9db0a74fe4", "prediction_sha256": "f37363e06d7f718ab11e69814bd8ab2f94593aa6c1b1686501cd884c497e4c7d", "tolerance_mm": 1.0, "reason": "A stored mask was expected at /study/labels/f3/f37363e06d7f718ab11e69814bd8ab2f94593aa6c1b1686501cd884c497e4c7d.nii.gz, found: Error -5 while decompressing data: incomplete or truncated stream; restore the labels folder."}]}');
INSERT INTO "audit" VALUES(6,'2026-05-04 12:00:00.000000','anna','measure failed','HN-003','{"pairs": [{"structure": "BrainStem", "reference_sha256": "40a53703a30ce8fdd2e1a6dd63826f3796d7c5b6784e80b6472a2e9db0a74fe4", "prediction_sha256": "0000000000000000000000000000000000000000000000000000000000000000", "tolerance_mm": 1.0, "reason": "gone"}]}');
CREATE TABLE draft (
	id INTEGER NOT NULL, 
	assignment_id INTEGER NOT NULL, 
	case_id INTEGER NOT NULL, 
	structure VARCHAR NOT NULL, 
	base_label_version_id INTEGER NOT NULL, 
	reviewed_label_version_id INTEGER NOT NULL, 
	state VARCHAR(32) NOT NULL, 
	version INTEGER NOT NULL, 
	voxels INTEGER NOT NULL, 
	active_seconds FLOAT NOT NULL, 
	place JSON, 
	lease_holder VARCHAR, 
	lease_until_utc DATETIME, 
	opened_at_utc DATETIME NOT NULL, 
	changed_at_utc DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(assignment_id) REFERENCES assignment (id), 
	FOREIGN KEY(base_label_version_id) REFERENCES label_version (id), 
	FOREIGN KEY(case_id) REFERENCES study_case (id), 
	FOREIGN KEY(reviewed_label_version_id) REFERENCES label_version (id), 
	CONSTRAINT is_draftstate CHECK (state IN ('open', 'submitted', 'discarded'))
);
CREATE TABLE draft_patch (
	id INTEGER NOT NULL, 
	draft_id INTEGER NOT NULL, 
	version INTEGER NOT NULL, 
	patch_id VARCHAR NOT NULL, 
	content_sha256 VARCHAR NOT NULL, 
	tool VARCHAR NOT NULL, 
	mode VARCHAR(32) NOT NULL, 
	start_ijk JSON NOT NULL, 
	shape_ijk JSON NOT NULL, 
	runs BLOB NOT NULL, 
	voxels INTEGER NOT NULL, 
	active_seconds FLOAT NOT NULL, 
	received_at_utc DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(draft_id) REFERENCES draft (id), 
	UNIQUE (draft_id, version), 
	UNIQUE (patch_id), 
	CONSTRAINT is_patchmode CHECK (mode IN ('xor', 'replace'))
);
CREATE TABLE draft_snapshot (
	id INTEGER NOT NULL, 
	draft_id INTEGER NOT NULL, 
	version INTEGER NOT NULL, 
	mask_sha256 VARCHAR NOT NULL, 
	made_at_utc DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(draft_id) REFERENCES draft (id)
);
CREATE TABLE draft_submission (
	id INTEGER NOT NULL, 
	draft_id INTEGER NOT NULL, 
	revision_id INTEGER NOT NULL, 
	request_id VARCHAR NOT NULL, 
	version INTEGER NOT NULL, 
	slices_edited INTEGER NOT NULL, 
	declared_level VARCHAR(32), 
	suggested_levels JSON NOT NULL, 
	question VARCHAR, 
	confirmed BOOLEAN NOT NULL, 
	submitted_at_utc DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(draft_id) REFERENCES draft (id), 
	FOREIGN KEY(revision_id) REFERENCES revision (id), 
	UNIQUE (draft_id), 
	UNIQUE (request_id), 
	UNIQUE (revision_id), 
	CONSTRAINT is_gradelevel CHECK (declared_level IN ('no', 'minor', 'major', 'not_assessable', 'absent'))
);
CREATE TABLE grade (
	id INTEGER NOT NULL, 
	assignment_id INTEGER NOT NULL, 
	label_version_id INTEGER NOT NULL, 
	structure VARCHAR NOT NULL, 
	scale VARCHAR NOT NULL, 
	raw_code VARCHAR, 
	level VARCHAR(32), 
	tags JSON NOT NULL, 
	comment VARCHAR NOT NULL, 
	flagged_slices JSON NOT NULL, 
	confidence INTEGER, 
	opened_at_utc DATETIME, 
	graded_at_utc DATETIME NOT NULL, 
	active_seconds FLOAT, 
	supersedes_id INTEGER, 
	request_id VARCHAR NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(assignment_id) REFERENCES assignment (id), 
	FOREIGN KEY(label_version_id) REFERENCES label_version (id), 
	FOREIGN KEY(supersedes_id) REFERENCES grade (id), 
	UNIQUE (request_id), 
	UNIQUE (supersedes_id), 
	CONSTRAINT is_gradelevel CHECK (level IN ('no', 'minor', 'major', 'not_assessable', 'absent'))
);
CREATE TABLE label_uncertainty (
	id INTEGER NOT NULL, 
	label_version_id INTEGER NOT NULL, 
	method VARCHAR(32) NOT NULL, 
	members INTEGER NOT NULL, 
	disagreement FLOAT NOT NULL, 
	volume_spread FLOAT, 
	measured_at_utc DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(label_version_id) REFERENCES label_version (id), 
	UNIQUE (label_version_id), 
	CONSTRAINT is_uncertainty CHECK (method IN ('off', 'mirrored', 'shifted', 'ensemble'))
);
CREATE TABLE label_version (
	id INTEGER NOT NULL, 
	case_id INTEGER NOT NULL, 
	structure VARCHAR NOT NULL, 
	source VARCHAR(32) NOT NULL, 
	mask_sha256 VARCHAR NOT NULL, 
	voxels INTEGER NOT NULL, 
	volume_cc FLOAT NOT NULL, 
	parent_id INTEGER, 
	reader_id INTEGER, 
	model_version_id INTEGER, 
	note VARCHAR NOT NULL, 
	created_at_utc DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(case_id) REFERENCES study_case (id), 
	FOREIGN KEY(model_version_id) REFERENCES model_version (id), 
	FOREIGN KEY(parent_id) REFERENCES label_version (id), 
	FOREIGN KEY(reader_id) REFERENCES reader (id), 
	CONSTRAINT is_labelsource CHECK (source IN ('pseudo', 'reference', 'revision', 'prediction'))
);
INSERT INTO "label_version" VALUES(1,1,'BrainStem','pseudo','40a53703a30ce8fdd2e1a6dd63826f3796d7c5b6784e80b6472a2e9db0a74fe4',240,2.88,NULL,NULL,NULL,'','2026-11-28 03:33:55.221853');
INSERT INTO "label_version" VALUES(2,1,'LenR','pseudo','20f5b6e62e524bb4291d1b5f8b8348cc4c2b256f0288fc0164c1584402ab61fd',0,0.0,NULL,NULL,NULL,'','2026-11-28 03:33:55.231327');
INSERT INTO "label_version" VALUES(3,1,'BrainStem','reference','40a53703a30ce8fdd2e1a6dd63826f3796d7c5b6784e80b6472a2e9db0a74fe4',240,2.88,NULL,NULL,NULL,'','2026-11-28 03:33:55.231720');
INSERT INTO "label_version" VALUES(4,1,'LenR','reference','20f5b6e62e524bb4291d1b5f8b8348cc4c2b256f0288fc0164c1584402ab61fd',0,0.0,NULL,NULL,NULL,'','2026-11-28 03:33:55.231860');
INSERT INTO "label_version" VALUES(5,1,'ParotidL','pseudo','4bcbb8df6d5d3f22fd2ac29812ad65d0208d833e65c978c51d4bbd3ade6c65c9',240,2.88,NULL,NULL,NULL,'','2026-11-28 03:33:55.232716');
INSERT INTO "label_version" VALUES(6,1,'ParotidR','reference','450bd5e37a6cee2aa6431e26d7f003cf8b8839f6c297445ac65e5933bc7d94eb',240,2.88,NULL,NULL,NULL,'','2026-11-28 03:33:55.233441');
INSERT INTO "label_version" VALUES(7,1,'LenL','pseudo','20f5b6e62e524bb4291d1b5f8b8348cc4c2b256f0288fc0164c1584402ab61fd',0,0.0,NULL,NULL,NULL,'','2026-11-28 03:33:55.233602');
INSERT INTO "label_version" VALUES(8,1,'LenL','reference','32b725a181574aa1ba0221d2e75e6aa8af6c8232f0b8f72274fd0c15717a9a87',80,0.96,NULL,NULL,NULL,'','2026-11-28 03:33:55.234189');
INSERT INTO "label_version" VALUES(9,2,'BrainStem','pseudo','4bcbb8df6d5d3f22fd2ac29812ad65d0208d833e65c978c51d4bbd3ade6c65c9',240,2.88,NULL,NULL,NULL,'','2026-11-28 03:33:55.253957');
INSERT INTO "label_version" VALUES(10,2,'LenR','pseudo','20f5b6e62e524bb4291d1b5f8b8348cc4c2b256f0288fc0164c1584402ab61fd',0,0.0,NULL,NULL,NULL,'','2026-11-28 03:33:55.254127');
INSERT INTO "label_version" VALUES(11,2,'BrainStem','reference','40a53703a30ce8fdd2e1a6dd63826f3796d7c5b6784e80b6472a2e9db0a74fe4',240,2.88,NULL,NULL,NULL,'','2026-11-28 03:33:55.254284');
INSERT INTO "label_version" VALUES(12,2,'LenR','reference','20f5b6e62e524bb4291d1b5f8b8348cc4c2b256f0288fc0164c1584402ab61fd',0,0.0,NULL,NULL,NULL,'','2026-11-28 03:33:55.254381');
INSERT INTO "label_version" VALUES(13,2,'ParotidL','pseudo','4bcbb8df6d5d3f22fd2ac29812ad65d0208d833e65c978c51d4bbd3ade6c65c9',240,2.88,NULL,NULL,NULL,'','2026-11-28 03:33:55.261676');
INSERT INTO "label_version" VALUES(14,2,'ParotidR','reference','450bd5e37a6cee2aa6431e26d7f003cf8b8839f6c297445ac65e5933bc7d94eb',240,2.88,NULL,NULL,NULL,'','2026-11-28 03:33:55.261872');
INSERT INTO "label_version" VALUES(15,2,'LenL','pseudo','20f5b6e62e524bb4291d1b5f8b8348cc4c2b256f0288fc0164c1584402ab61fd',0,0.0,NULL,NULL,NULL,'','2026-11-28 03:33:55.261985');
INSERT INTO "label_version" VALUES(16,2,'LenL','reference','32b725a181574aa1ba0221d2e75e6aa8af6c8232f0b8f72274fd0c15717a9a87',80,0.96,NULL,NULL,NULL,'','2026-11-28 03:33:55.262116');
INSERT INTO "label_version" VALUES(17,3,'BrainStem','pseudo','450bd5e37a6cee2aa6431e26d7f003cf8b8839f6c297445ac65e5933bc7d94eb',240,2.88,NULL,NULL,NULL,'','2026-11-28 03:33:55.263639');
INSERT INTO "label_version" VALUES(18,3,'LenR','pseudo','20f5b6e62e524bb4291d1b5f8b8348cc4c2b256f0288fc0164c1584402ab61fd',0,0.0,NULL,NULL,NULL,'','2026-11-28 03:33:55.263757');
INSERT INTO "label_version" VALUES(19,3,'BrainStem','reference','40a53703a30ce8fdd2e1a6dd63826f3796d7c5b6784e80b6472a2e9db0a74fe4',240,2.88,NULL,NULL,NULL,'','2026-11-28 03:33:55.263895');
INSERT INTO "label_version" VALUES(20,3,'LenR','reference','20f5b6e62e524bb4291d1b5f8b8348cc4c2b256f0288fc0164c1584402ab61fd',0,0.0,NULL,NULL,NULL,'','2026-11-28 03:33:55.263986');
INSERT INTO "label_version" VALUES(21,3,'ParotidL','pseudo','4bcbb8df6d5d3f22fd2ac29812ad65d0208d833e65c978c51d4bbd3ade6c65c9',240,2.88,NULL,NULL,NULL,'','2026-11-28 03:33:55.264108');
INSERT INTO "label_version" VALUES(22,3,'ParotidR','reference','450bd5e37a6cee2aa6431e26d7f003cf8b8839f6c297445ac65e5933bc7d94eb',240,2.88,NULL,NULL,NULL,'','2026-11-28 03:33:55.264223');
INSERT INTO "label_version" VALUES(23,3,'LenL','pseudo','20f5b6e62e524bb4291d1b5f8b8348cc4c2b256f0288fc0164c1584402ab61fd',0,0.0,NULL,NULL,NULL,'','2026-11-28 03:33:55.264318');
INSERT INTO "label_version" VALUES(24,3,'LenL','reference','32b725a181574aa1ba0221d2e75e6aa8af6c8232f0b8f72274fd0c15717a9a87',80,0.96,NULL,NULL,NULL,'','2026-11-28 03:33:55.264438');
INSERT INTO "label_version" VALUES(25,4,'BrainStem','pseudo','f37363e06d7f718ab11e69814bd8ab2f94593aa6c1b1686501cd884c497e4c7d',240,2.88,NULL,NULL,NULL,'','2026-11-28 03:33:55.266318');
INSERT INTO "label_version" VALUES(26,4,'LenR','pseudo','20f5b6e62e524bb4291d1b5f8b8348cc4c2b256f0288fc0164c1584402ab61fd',0,0.0,NULL,NULL,NULL,'','2026-11-28 03:33:55.282866');
INSERT INTO "label_version" VALUES(27,4,'BrainStem','reference','40a53703a30ce8fdd2e1a6dd63826f3796d7c5b6784e80b6472a2e9db0a74fe4',240,2.88,NULL,NULL,NULL,'','2026-11-28 03:33:55.283225');
INSERT INTO "label_version" VALUES(28,4,'LenR','reference','20f5b6e62e524bb4291d1b5f8b8348cc4c2b256f0288fc0164c1584402ab61fd',0,0.0,NULL,NULL,NULL,'','2026-11-28 03:33:55.283353');
INSERT INTO "label_version" VALUES(29,4,'ParotidL','pseudo','4bcbb8df6d5d3f22fd2ac29812ad65d0208d833e65c978c51d4bbd3ade6c65c9',240,2.88,NULL,NULL,NULL,'','2026-11-28 03:33:55.283497');
INSERT INTO "label_version" VALUES(30,4,'ParotidR','reference','450bd5e37a6cee2aa6431e26d7f003cf8b8839f6c297445ac65e5933bc7d94eb',240,2.88,NULL,NULL,NULL,'','2026-11-28 03:33:55.283626');
INSERT INTO "label_version" VALUES(31,4,'LenL','pseudo','20f5b6e62e524bb4291d1b5f8b8348cc4c2b256f0288fc0164c1584402ab61fd',0,0.0,NULL,NULL,NULL,'','2026-11-28 03:33:55.283726');
INSERT INTO "label_version" VALUES(32,4,'LenL','reference','32b725a181574aa1ba0221d2e75e6aa8af6c8232f0b8f72274fd0c15717a9a87',80,0.96,NULL,NULL,NULL,'','2026-11-28 03:33:55.283851');
INSERT INTO "label_version" VALUES(33,1,'BrainStem','revision','4bcbb8df6d5d3f22fd2ac29812ad65d0208d833e65c978c51d4bbd3ade6c65c9',240,2.88,1,1,NULL,'','2026-05-04 12:00:00.000000');
CREATE TABLE metric (
	id INTEGER NOT NULL, 
	reference_sha256 VARCHAR NOT NULL, 
	prediction_sha256 VARCHAR NOT NULL, 
	definition VARCHAR NOT NULL, 
	definition_version VARCHAR NOT NULL, 
	tolerance_mm FLOAT NOT NULL, 
	dice FLOAT, 
	jaccard FLOAT, 
	volume_reference_cc FLOAT, 
	volume_prediction_cc FLOAT, 
	hd_mm FLOAT, 
	hd95_mm FLOAT, 
	masd_mm FLOAT, 
	assd_mm FLOAT, 
	median_surface_distance_mm FLOAT, 
	surface_dice FLOAT, 
	apl_mm FLOAT, 
	vrd FLOAT, 
	centroid_distance_mm FLOAT, 
	false_positive_cc FLOAT, 
	false_negative_cc FLOAT, 
	components_reference INTEGER, 
	components_prediction INTEGER, 
	software_version VARCHAR NOT NULL, 
	computed_at_utc DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (reference_sha256, prediction_sha256, definition, definition_version, tolerance_mm)
);
INSERT INTO "metric" VALUES(1,'32b725a181574aa1ba0221d2e75e6aa8af6c8232f0b8f72274fd0c15717a9a87','20f5b6e62e524bb4291d1b5f8b8348cc4c2b256f0288fc0164c1584402ab61fd','surfel','1',1.0,0.0,0.0,0.96,0.0,9e999,9e999,9e999,9e999,9e999,0.0,160.0,9e999,9e999,0.0,0.96,1,0,'0.1.0','2026-11-28 03:34:18.137235');
INSERT INTO "metric" VALUES(2,'20f5b6e62e524bb4291d1b5f8b8348cc4c2b256f0288fc0164c1584402ab61fd','20f5b6e62e524bb4291d1b5f8b8348cc4c2b256f0288fc0164c1584402ab61fd','surfel','1',1.0,NULL,NULL,0.0,0.0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0.0,0.0,0,0,'0.1.0','2026-11-28 03:34:18.137235');
INSERT INTO "metric" VALUES(3,'40a53703a30ce8fdd2e1a6dd63826f3796d7c5b6784e80b6472a2e9db0a74fe4','40a53703a30ce8fdd2e1a6dd63826f3796d7c5b6784e80b6472a2e9db0a74fe4','surfel','1',1.0,1.0,1.0,2.88,2.88,0.0,0.0,0.0,0.0,0.0,1.0,0.0,0.0,0.0,0.0,0.0,1,1,'0.1.0','2026-11-28 03:34:18.137235');
INSERT INTO "metric" VALUES(4,'40a53703a30ce8fdd2e1a6dd63826f3796d7c5b6784e80b6472a2e9db0a74fe4','4bcbb8df6d5d3f22fd2ac29812ad65d0208d833e65c978c51d4bbd3ade6c65c9','surfel','1',1.0,8.3333333333333337034e-01,7.14285714285714301574e-01,2.88,2.88,2.0,2.0,7.6850385406463039839e-01,7.6850385406463039839e-01,0.0,6.15748072967684745293e-01,140.0,3.33333333333333314829e-01,2.0,0.48,0.48,1,1,'0.1.0','2026-11-28 03:34:18.167148');
INSERT INTO "metric" VALUES(5,'40a53703a30ce8fdd2e1a6dd63826f3796d7c5b6784e80b6472a2e9db0a74fe4','450bd5e37a6cee2aa6431e26d7f003cf8b8839f6c297445ac65e5933bc7d94eb','surfel','1',1.0,6.66666666666666629659e-01,0.5,2.88,2.88,4.0,4.0,1.61008214662858728516e+00,1.61008214662858728516e+00,0.0,5.08707448614500901129e-01,160.0,6.66666666666666629659e-01,4.0,0.96,0.96,1,1,'0.1.0','2026-11-28 03:34:18.169287');
CREATE TABLE model_version (
	id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	parent_id INTEGER, 
	run_id INTEGER, 
	"group" VARCHAR NOT NULL, 
	folder VARCHAR NOT NULL, 
	checkpoint_sha256 VARCHAR NOT NULL, 
	labels JSON NOT NULL, 
	state VARCHAR(32) NOT NULL, 
	card JSON NOT NULL, 
	created_at_utc DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(parent_id) REFERENCES model_version (id), 
	UNIQUE (name)
);
CREATE TABLE prediction_run (
	id INTEGER NOT NULL, 
	state VARCHAR(32) NOT NULL, 
	model_id INTEGER NOT NULL, 
	cases JSON NOT NULL, 
	uncertainty VARCHAR(32) NOT NULL, 
	member_ids JSON NOT NULL, 
	device VARCHAR NOT NULL, 
	dask_address VARCHAR, 
	requested_by_id INTEGER, 
	actor VARCHAR NOT NULL, 
	worker VARCHAR, 
	heartbeat_at_utc DATETIME, 
	attempt INTEGER NOT NULL, 
	max_attempts INTEGER NOT NULL, 
	cancel_requested BOOLEAN NOT NULL, 
	progress JSON NOT NULL, 
	new_labels INTEGER NOT NULL, 
	error VARCHAR, 
	created_at_utc DATETIME NOT NULL, 
	started_at_utc DATETIME, 
	finished_at_utc DATETIME, 
	PRIMARY KEY (id), 
	FOREIGN KEY(model_id) REFERENCES model_version (id), 
	FOREIGN KEY(requested_by_id) REFERENCES reader (id), 
	CONSTRAINT is_predictionstate CHECK (state IN ('queued', 'drawing', 'done', 'failed', 'cancelled')), 
	CONSTRAINT is_uncertainty CHECK (uncertainty IN ('off', 'mirrored', 'shifted', 'ensemble'))
);
CREATE TABLE reader (
	id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	pseudonym VARCHAR NOT NULL, 
	role VARCHAR(32) NOT NULL, 
	password_hash VARCHAR NOT NULL, 
	active BOOLEAN NOT NULL, 
	session_epoch INTEGER NOT NULL, 
	created_at_utc DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (name), 
	UNIQUE (pseudonym), 
	CONSTRAINT is_role CHECK (role IN ('reader', 'adjudicator', 'lead', 'engineer', 'admin'))
);
INSERT INTO "reader" VALUES(1,'anna','R1','reader','x',1,0,'2026-05-04 12:00:00.000000');
INSERT INTO "reader" VALUES(2,'ben','R2','adjudicator','x',1,0,'2026-05-04 12:00:00.000000');
CREATE TABLE retrain_run (
	id INTEGER NOT NULL, 
	state VARCHAR(32) NOT NULL, 
	preset VARCHAR NOT NULL, 
	"group" VARCHAR NOT NULL, 
	settings JSON NOT NULL, 
	manifest_sha256 VARCHAR, 
	parent_model_id INTEGER, 
	result_model_id INTEGER, 
	requested_by_id INTEGER, 
	device VARCHAR NOT NULL, 
	worker VARCHAR, 
	pid INTEGER, 
	pid_started VARCHAR, 
	heartbeat_at_utc DATETIME, 
	attempt INTEGER NOT NULL, 
	max_attempts INTEGER NOT NULL, 
	cancel_requested BOOLEAN NOT NULL, 
	progress JSON NOT NULL, 
	error VARCHAR, 
	created_at_utc DATETIME NOT NULL, 
	started_at_utc DATETIME, 
	finished_at_utc DATETIME, 
	PRIMARY KEY (id), 
	FOREIGN KEY(parent_model_id) REFERENCES model_version (id), 
	FOREIGN KEY(requested_by_id) REFERENCES reader (id), 
	FOREIGN KEY(result_model_id) REFERENCES model_version (id), 
	CONSTRAINT is_runstate CHECK (state IN ('queued', 'preparing', 'training', 'evaluating', 'awaiting_approval', 'promoted', 'declined', 'failed', 'cancelled'))
);
CREATE TABLE revision (
	id INTEGER NOT NULL, 
	label_version_id INTEGER NOT NULL, 
	parent_label_version_id INTEGER NOT NULL, 
	grade_id INTEGER, 
	reader_id INTEGER NOT NULL, 
	vrd FLOAT, 
	apl_mm FLOAT, 
	active_seconds FLOAT, 
	submitted_at_utc DATETIME NOT NULL, slices_edited INTEGER, 
	PRIMARY KEY (id), 
	FOREIGN KEY(grade_id) REFERENCES grade (id), 
	FOREIGN KEY(label_version_id) REFERENCES label_version (id), 
	FOREIGN KEY(parent_label_version_id) REFERENCES label_version (id), 
	FOREIGN KEY(reader_id) REFERENCES reader (id), 
	UNIQUE (label_version_id)
);
INSERT INTO "revision" VALUES(1,33,1,NULL,1,3.33333333333333314829e-01,140.0,NULL,'2026-05-04 12:00:00.000000',5);
CREATE TABLE revision_decision (
	id INTEGER NOT NULL, 
	revision_id INTEGER NOT NULL, 
	decision VARCHAR(32) NOT NULL, 
	reason VARCHAR NOT NULL, 
	decided_by_id INTEGER NOT NULL, 
	decided_at_utc DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(decided_by_id) REFERENCES reader (id), 
	FOREIGN KEY(revision_id) REFERENCES revision (id), 
	CONSTRAINT is_decision CHECK (decision IN ('accepted', 'rejected'))
);
INSERT INTO "revision_decision" VALUES(1,1,'accepted','',2,'2026-05-04 12:00:00.000000');
CREATE TABLE run_event (
	id INTEGER NOT NULL, 
	run_id INTEGER NOT NULL, 
	at_utc DATETIME NOT NULL, 
	kind VARCHAR NOT NULL, 
	payload JSON NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(run_id) REFERENCES retrain_run (id)
);
CREATE TABLE run_score (
	id INTEGER NOT NULL, 
	run_id INTEGER NOT NULL, 
	case_id INTEGER NOT NULL, 
	structure VARCHAR NOT NULL, 
	arm VARCHAR(32) NOT NULL, 
	reference_kind VARCHAR(32) NOT NULL, 
	reference_sha256 VARCHAR NOT NULL, 
	prediction_sha256 VARCHAR NOT NULL, 
	dice FLOAT, 
	hd95_mm FLOAT, 
	surface_dice FLOAT, 
	volume_prediction_cc FLOAT, 
	PRIMARY KEY (id), 
	FOREIGN KEY(case_id) REFERENCES study_case (id), 
	FOREIGN KEY(run_id) REFERENCES retrain_run (id), 
	UNIQUE (run_id, case_id, structure, arm), 
	CONSTRAINT is_arm CHECK (arm IN ('parent', 'candidate')), 
	CONSTRAINT is_referencekind CHECK (reference_kind IN ('reference', 'revised', 'unchanged'))
);
CREATE TABLE structure_lock (
	id INTEGER NOT NULL, 
	case_id INTEGER NOT NULL, 
	structure VARCHAR NOT NULL, 
	locked BOOLEAN NOT NULL, 
	label_version_id INTEGER, 
	reason VARCHAR NOT NULL, 
	by_id INTEGER NOT NULL, 
	at_utc DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(by_id) REFERENCES reader (id), 
	FOREIGN KEY(case_id) REFERENCES study_case (id), 
	FOREIGN KEY(label_version_id) REFERENCES label_version (id)
);
INSERT INTO "structure_lock" VALUES(1,1,'BrainStem',1,33,'',2,'2026-05-04 12:00:00.000000');
INSERT INTO "structure_lock" VALUES(2,1,'ParotidL',1,5,'',2,'2026-05-04 12:00:00.000000');
CREATE TABLE study_case (
	id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	patient VARCHAR NOT NULL, 
	split VARCHAR(32) NOT NULL, 
	image_sha256 VARCHAR NOT NULL, 
	shape_ijk JSON NOT NULL, 
	affine_ras JSON NOT NULL, 
	imported_at_utc DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (name), 
	CONSTRAINT is_split CHECK (split IN ('train', 'held_out'))
);
INSERT INTO "study_case" VALUES(1,'HN-001','P0','train','0000000000000000000000000000000000000000000000000000000000000000','[24, 20, 10]','[[-2.0, 0.0, 0.0, 0.0], [0.0, -2.0, 0.0, 0.0], [0.0, 0.0, 3.0, 0.0], [0.0, 0.0, 0.0, 1.0]]','2026-05-04 12:00:00.000000');
INSERT INTO "study_case" VALUES(2,'HN-002','P1','train','1111111111111111111111111111111111111111111111111111111111111111','[24, 20, 10]','[[-2.0, 0.0, 0.0, 0.0], [0.0, -2.0, 0.0, 0.0], [0.0, 0.0, 3.0, 0.0], [0.0, 0.0, 0.0, 1.0]]','2026-05-04 12:00:00.000000');
INSERT INTO "study_case" VALUES(3,'HN-003','P2','train','2222222222222222222222222222222222222222222222222222222222222222','[24, 20, 10]','[[-2.0, 0.0, 0.0, 0.0], [0.0, -2.0, 0.0, 0.0], [0.0, 0.0, 3.0, 0.0], [0.0, 0.0, 0.0, 1.0]]','2026-05-04 12:00:00.000000');
INSERT INTO "study_case" VALUES(4,'HN-004','P3','train','3333333333333333333333333333333333333333333333333333333333333333','[24, 20, 10]','[[-2.0, 0.0, 0.0, 0.0], [0.0, -2.0, 0.0, 0.0], [0.0, 0.0, 3.0, 0.0], [0.0, 0.0, 0.0, 1.0]]','2026-05-04 12:00:00.000000');
CREATE TABLE study_info (
	id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	protocol_version VARCHAR NOT NULL, 
	scale VARCHAR NOT NULL, 
	created_at_utc DATETIME NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "study_info" VALUES(1,'Grading study','1.2','han5k-3','2026-05-04 12:00:00.000000');
CREATE INDEX ix_audit_action ON audit (action);
CREATE INDEX ix_metric_prediction_sha256 ON metric (prediction_sha256);
CREATE INDEX ix_metric_reference_sha256 ON metric (reference_sha256);
CREATE INDEX ix_model_version_run_id ON model_version (run_id);
CREATE INDEX ix_study_case_image_sha256 ON study_case (image_sha256);
CREATE INDEX ix_study_case_patient ON study_case (patient);
CREATE INDEX ix_assignment_reader_id ON assignment (reader_id);
CREATE INDEX ix_label_version_case_id ON label_version (case_id);
CREATE INDEX ix_label_version_mask_sha256 ON label_version (mask_sha256);
CREATE INDEX ix_label_version_structure ON label_version (structure);
CREATE INDEX ix_retrain_run_state ON retrain_run (state);
CREATE UNIQUE INDEX one_run_per_device ON retrain_run (device) WHERE state IN ('preparing', 'training', 'evaluating');
CREATE INDEX ix_grade_assignment_id ON grade (assignment_id);
CREATE INDEX ix_grade_label_version_id ON grade (label_version_id);
CREATE INDEX ix_run_event_run_id ON run_event (run_id);
CREATE INDEX ix_run_score_run_id ON run_score (run_id);
CREATE INDEX ix_revision_parent_label_version_id ON revision (parent_label_version_id);
CREATE INDEX ix_revision_decision_revision_id ON revision_decision (revision_id);
CREATE TRIGGER label_version_no_update BEFORE UPDATE ON label_version BEGIN SELECT RAISE(ABORT, 'rows of label_version are never changed; add a row that names the old one'); END;
CREATE TRIGGER label_version_no_delete BEFORE DELETE ON label_version BEGIN SELECT RAISE(ABORT, 'rows of label_version are never changed; add a row that names the old one'); END;
CREATE TRIGGER grade_no_update BEFORE UPDATE ON grade BEGIN SELECT RAISE(ABORT, 'rows of grade are never changed; add a row that names the old one'); END;
CREATE TRIGGER grade_no_delete BEFORE DELETE ON grade BEGIN SELECT RAISE(ABORT, 'rows of grade are never changed; add a row that names the old one'); END;
CREATE TRIGGER revision_no_update BEFORE UPDATE ON revision BEGIN SELECT RAISE(ABORT, 'rows of revision are never changed; add a row that names the old one'); END;
CREATE TRIGGER revision_no_delete BEFORE DELETE ON revision BEGIN SELECT RAISE(ABORT, 'rows of revision are never changed; add a row that names the old one'); END;
CREATE TRIGGER revision_decision_no_update BEFORE UPDATE ON revision_decision BEGIN SELECT RAISE(ABORT, 'rows of revision_decision are never changed; add a row that names the old one'); END;
CREATE TRIGGER revision_decision_no_delete BEFORE DELETE ON revision_decision BEGIN SELECT RAISE(ABORT, 'rows of revision_decision are never changed; add a row that names the old one'); END;
CREATE TRIGGER run_event_no_update BEFORE UPDATE ON run_event BEGIN SELECT RAISE(ABORT, 'rows of run_event are never changed; add a row that names the old one'); END;
CREATE TRIGGER run_event_no_delete BEFORE DELETE ON run_event BEGIN SELECT RAISE(ABORT, 'rows of run_event are never changed; add a row that names the old one'); END;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'rows of audit are never changed; add a row that names the old one'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'rows of audit are never changed; add a row that names the old one'); END;
CREATE INDEX ix_draft_assignment_id ON draft (assignment_id);
CREATE INDEX ix_draft_case_id ON draft (case_id);
CREATE UNIQUE INDEX one_open_draft ON draft (assignment_id, structure) WHERE state = 'open';
CREATE INDEX ix_draft_snapshot_draft_id ON draft_snapshot (draft_id);
CREATE INDEX ix_structure_lock_case_id ON structure_lock (case_id);
CREATE TRIGGER draft_patch_no_update BEFORE UPDATE ON draft_patch BEGIN SELECT RAISE(ABORT, 'rows of draft_patch are never changed; add a row that names the old one'); END;
CREATE TRIGGER draft_patch_no_delete BEFORE DELETE ON draft_patch BEGIN SELECT RAISE(ABORT, 'rows of draft_patch are never changed; add a row that names the old one'); END;
CREATE TRIGGER draft_snapshot_no_update BEFORE UPDATE ON draft_snapshot BEGIN SELECT RAISE(ABORT, 'rows of draft_snapshot are never changed; add a row that names the old one'); END;
CREATE TRIGGER draft_snapshot_no_delete BEFORE DELETE ON draft_snapshot BEGIN SELECT RAISE(ABORT, 'rows of draft_snapshot are never changed; add a row that names the old one'); END;
CREATE TRIGGER draft_submission_no_update BEFORE UPDATE ON draft_submission BEGIN SELECT RAISE(ABORT, 'rows of draft_submission are never changed; add a row that names the old one'); END;
CREATE TRIGGER draft_submission_no_delete BEFORE DELETE ON draft_submission BEGIN SELECT RAISE(ABORT, 'rows of draft_submission are never changed; add a row that names the old one'); END;
CREATE TRIGGER structure_lock_no_update BEFORE UPDATE ON structure_lock BEGIN SELECT RAISE(ABORT, 'rows of structure_lock are never changed; add a row that names the old one'); END;
CREATE TRIGGER structure_lock_no_delete BEFORE DELETE ON structure_lock BEGIN SELECT RAISE(ABORT, 'rows of structure_lock are never changed; add a row that names the old one'); END;
CREATE INDEX ix_prediction_run_state ON prediction_run (state);
CREATE INDEX ix_prediction_run_model_id ON prediction_run (model_id);
CREATE UNIQUE INDEX one_prediction_per_device ON prediction_run (device) WHERE state = 'drawing';
CREATE TRIGGER label_uncertainty_no_update BEFORE UPDATE ON label_uncertainty BEGIN SELECT RAISE(ABORT, 'rows of label_uncertainty are never changed; add a row that names the old one'); END;
CREATE TRIGGER label_uncertainty_no_delete BEFORE DELETE ON label_uncertainty BEGIN SELECT RAISE(ABORT, 'rows of label_uncertainty are never changed; add a row that names the old one'); END;
COMMIT;
